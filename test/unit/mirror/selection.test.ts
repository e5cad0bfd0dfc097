// Which entries of an index are wanted for which platforms.
import { describe, expect, test } from 'vitest';
import { selectPlatforms } from '../../../shared/mirror/selection.ts';
import type { Descriptor, Platform } from '../../../shared/oci/descriptor.ts';
import { failureOf } from '../../support/failure.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' };

function entry(name: string, fields: Partial<Descriptor> = {}): Descriptor {
  return {
    mediaType: MANIFEST,
    digest: `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`,
    size: 1,
    ...fields,
  };
}

function image(name: string, platform: Platform): Descriptor {
  return entry(name, { platform });
}

function attestation(name: string, of: Descriptor): Descriptor {
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': of.digest };
  return entry(name, { platform: UNKNOWN, annotations });
}

const amd64 = image('amd64', { os: 'linux', architecture: 'amd64' });
const arm64 = image('arm64', { os: 'linux', architecture: 'arm64', variant: 'v8' });
const armV6 = image('armv6', { os: 'linux', architecture: 'arm', variant: 'v6' });
const armV7 = image('armv7', { os: 'linux', architecture: 'arm', variant: 'v7' });
const oldWindows = image('win17', { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.1397' });
const newWindows = image('win20', { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.100' });
const ofAmd64 = attestation('att-amd64', amd64);
const ofArm64 = attestation('att-arm64', arm64);
const stray = attestation('stray', entry('somewhere else'));
const nested = entry('nested', { mediaType: INDEX });
const noPlatform = entry('no platform');
const all = [amd64, arm64, armV6, armV7, oldWindows, newWindows, ofAmd64, ofArm64, stray, nested, noPlatform];
const names = new Map(
  Object.entries({
    amd64,
    arm64,
    armV6,
    armV7,
    oldWindows,
    newWindows,
    ofAmd64,
    ofArm64,
    stray,
    nested,
    noPlatform,
  }).map(([name, { digest }]) => [digest, name]),
);

function chosen(platforms: string[], manifests = all): (string | undefined)[] {
  return selectPlatforms({ manifests }, platforms).map(({ digest }) => names.get(digest));
}

describe('chooses from an index', () => {
  test.each<[why: string, platforms: string[], expected: string[]]>([
    ['an image with its attestation', ['linux/amd64'], ['amd64', 'ofAmd64', 'nested', 'noPlatform']],
    ['arm64 whether v8 is said or not', ['linux/arm64'], ['arm64', 'ofArm64', 'nested', 'noPlatform']],
    ['arm64/v8 the same', ['linux/arm64/v8'], ['arm64', 'ofArm64', 'nested', 'noPlatform']],
    ['arm without a variant as v7', ['linux/arm'], ['armV7', 'nested', 'noPlatform']],
    ['one variant only', ['linux/arm/v6'], ['armV6', 'nested', 'noPlatform']],
    ['other names of an architecture', ['linux/x86_64'], ['amd64', 'ofAmd64', 'nested', 'noPlatform']],
    [
      'several, in the order of the index',
      ['linux/arm/v6', 'linux/amd64'],
      ['amd64', 'armV6', 'ofAmd64', 'nested', 'noPlatform'],
    ],
    ['the same one once', ['linux/amd64', 'linux/x86_64'], ['amd64', 'ofAmd64', 'nested', 'noPlatform']],
    ['all versions of Windows', ['windows/amd64'], ['oldWindows', 'newWindows', 'nested', 'noPlatform']],
    ['one version of Windows', ['windows/amd64:10.0.17763'], ['oldWindows', 'nested', 'noPlatform']],
  ])('%s', (_why, platforms, expected) => {
    expect(chosen(platforms)).toEqual(expected);
  });

  test('no attestation of an image that was left out, nor of one that is not there', () => {
    expect(chosen(['linux/arm/v6'])).not.toContain('ofAmd64');
    expect(chosen(['linux/amd64'])).not.toContain('stray');
  });

  test('what follows the image, wherever it stands', () => {
    expect(chosen(['linux/amd64'], [ofAmd64, amd64, ofArm64, arm64])).toEqual(['ofAmd64', 'amd64']);
  });

  test('an entry of platform unknown/unknown that is no attestation only if it was asked for', () => {
    const odd = image('odd', UNKNOWN);
    expect(selectPlatforms({ manifests: [amd64, odd] }, ['linux/amd64'])).toEqual([amd64]);
    expect(selectPlatforms({ manifests: [amd64, odd] }, ['unknown/unknown'])).toEqual([odd]);
  });
});

describe('finds nothing', () => {
  test('and says what there is, attestations aside', () => {
    const error = failureOf(() =>
      selectPlatforms({ manifests: [amd64, arm64, ofAmd64] }, ['linux/s390x', 'linux/riscv64']),
    );
    expect(error).toMatchObject({
      code: 'no-matching-platform',
      message: 'the image has no platform linux/s390x or linux/riscv64',
      hint: 'it has linux/amd64, linux/arm64/v8',
    });
  });

  test('in an index without platforms', () => {
    const error = failureOf(() => selectPlatforms({ manifests: [noPlatform] }, ['linux/amd64']));
    expect(error).toMatchObject({ code: 'no-matching-platform', hint: 'its index names no platforms' });
  });

  test('but leaves a nested index to be looked into', () => {
    expect(chosen(['linux/s390x'], [amd64, nested])).toEqual(['nested']);
  });

  test('for a platform that is none', () => {
    expect(failureOf(() => chosen(['linux']))?.code).toBe('invalid-platform');
  });
});
