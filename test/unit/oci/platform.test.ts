// Platforms: read, normalised and compared as containerd does.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Platform } from '../../../shared/oci/descriptor.ts';
import { formatPlatform, matchesPlatform, normalisePlatform, parsePlatform } from '../../../shared/oci/platform.ts';
import { failureOf } from '../../support/failure.ts';

const windows = (version?: string): Platform => ({
  os: 'windows',
  architecture: 'amd64',
  ...(version !== undefined && { 'os.version': version }),
});

describe('parsePlatform', () => {
  test.each<[string, Platform]>([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
    ['Linux/X86_64', { os: 'linux', architecture: 'amd64' }],
    ['linux/x86-64', { os: 'linux', architecture: 'amd64' }],
    ['linux/amd64/v1', { os: 'linux', architecture: 'amd64' }],
    ['linux/amd64/v3', { os: 'linux', architecture: 'amd64', variant: 'v3' }],
    ['linux/i386', { os: 'linux', architecture: '386' }],
    ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
    ['linux/arm64/v8', { os: 'linux', architecture: 'arm64' }],
    ['linux/arm64/8', { os: 'linux', architecture: 'arm64' }],
    ['linux/arm64/v9', { os: 'linux', architecture: 'arm64', variant: 'v9' }],
    ['linux/arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/arm/7', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/arm/v6', { os: 'linux', architecture: 'arm', variant: 'v6' }],
    ['linux/armhf', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/armel', { os: 'linux', architecture: 'arm', variant: 'v6' }],
    ['macos/arm64', { os: 'darwin', architecture: 'arm64' }],
    ['wasip1/wasm', { os: 'wasip1', architecture: 'wasm' }],
    ['unknown/unknown', { os: 'unknown', architecture: 'unknown' }],
    ['windows/amd64:10.0.17763', { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763' }],
  ])('reads %s', (text, expected) => {
    expect(parsePlatform(text)).toStrictEqual(expected);
  });

  test.each<[string, RegExp, RegExp]>([
    ['', /architecture is missing/, /linux\/amd64/],
    ['local', /depends on the machine/, /name the platform/],
    ['linux', /architecture is missing/, /linux\/amd64/],
    ['amd64', /architecture is missing/, /linux\/amd64/],
    ['linux/', /part is empty/, /linux\/amd64/],
    ['/amd64', /part is empty/, /linux\/amd64/],
    ['linux/arm/', /part is empty/, /linux\/amd64/],
    ['linux/arm/v7/x', /too many parts/, /linux\/amd64/],
    ['linux/amd 64', /"amd 64" is not a valid name/, /linux\/amd64/],
    ['linux/amd64,linux/arm64', /not a valid name|too many parts/, /linux\/amd64/],
    ['linux\n/amd64', /\\u\{a\}/, /linux\/amd64/],
    ['windows/amd64:', /"" is not a version/, /10\.0\.17763/],
    ['windows/amd64:ltsc2019', /"ltsc2019" is not a version/, /10\.0\.17763/],
    ['windows(10.0)/amd64', /not a valid name/, /10\.0\.17763/],
  ])('refuses %j and says how to mend it', (text, message, hint) => {
    const error = failureOf(() => parsePlatform(text));
    expect(error?.code).toBe('invalid-platform');
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(hint);
  });

  test('throws nothing but invalid-platform, and reads what it wrote', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[a-z0-9]{1,8}\/(arm|arm64|amd64|x86_64|[a-z0-9]{1,5})(\/v?[0-9])?(:[0-9.]{1,6})?$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read: Platform[] = [];
        const error = failureOf(() => read.push(parsePlatform(text)));
        expect([undefined, 'invalid-platform']).toContain(error?.code);
        for (const platform of read) {
          expect(parsePlatform(formatPlatform(platform))).toStrictEqual(platform);
          expect(normalisePlatform(platform)).toStrictEqual(platform);
          expect(matchesPlatform(platform, platform)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('matchesPlatform', () => {
  test.each<[Platform, Platform, boolean]>([
    [{ os: 'linux', architecture: 'x86_64' }, { os: 'linux', architecture: 'amd64' }, true],
    [{ os: 'linux', architecture: 'arm64', variant: 'v8' }, { os: 'linux', architecture: 'arm64' }, true],
    [{ os: 'linux', architecture: 'arm64', variant: '' }, { os: 'linux', architecture: 'arm64', variant: 'v8' }, true],
    [{ os: 'linux', architecture: 'arm', variant: 'v7' }, { os: 'linux', architecture: 'arm' }, true],
    [{ os: 'linux', architecture: 'arm', variant: 'v6' }, { os: 'linux', architecture: 'arm' }, false],
    [{ os: 'linux', architecture: 'amd64', variant: 'v3' }, { os: 'linux', architecture: 'amd64' }, false],
    [{ os: 'linux', architecture: 'amd64' }, { os: 'windows', architecture: 'amd64' }, false],
    [{ os: '', architecture: '' }, { os: 'linux', architecture: 'amd64' }, false],
    [windows('10.0.17763.1397'), windows(), true],
    [windows(), windows(), true],
    [windows('10.0.17763.1397'), windows('10.0.17763'), true],
    [windows('10.0.17763.1397'), windows('10.0.17763.1397'), true],
    [windows('10.0.177631'), windows('10.0.17763'), false],
    [windows('10.0.17763'), windows('10.0.17763.1397'), false],
    [windows('10.0.20348'), windows('10.0.17763'), false],
    [windows(), windows('10.0.17763'), false],
  ])('%j against %j: %s', (candidate, wanted, expected) => {
    expect(matchesPlatform(candidate, wanted)).toBe(expected);
  });
});
