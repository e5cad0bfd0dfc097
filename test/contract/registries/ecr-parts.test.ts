// Large layers to ECR in parts by the AWS API, at a fake of ECR: what goes which way, what is sent again after each kind of fault, and
// what never becomes a layer.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { hasBlob } from '../../../shared/oci/blobs.ts';
import { awsFault } from '../../support/clouds/fake-ecr-api.ts';
import { newRepository } from '../../support/clouds/fake-ecr-state.ts';
import { startFakeEcr, type EcrCall, type EcrFault, type FakeEcr } from '../../support/clouds/fake-ecr.ts';
import { startGeneratedSource, type GeneratedSource } from '../../support/generated-source.ts';
import { registriesOf } from '../../support/registries-of.ts';
import { CHUNK_BYTES as PART_BYTES, openSlicedBed, type SlicedBed } from '../../support/sliced-copy.ts';

const LAYER_BYTES = 5500;
const PARTS = 6;
const CLOUD = '{ aws: { region: eu-west-1 } }';

let source: GeneratedSource;
let ecr: FakeEcr;
let bed: SlicedBed;

beforeEach(async () => {
  source = await startGeneratedSource(LAYER_BYTES);
  ecr = await startFakeEcr();
  Object.assign(ecr.settings, { partSize: PART_BYTES, leastPartBytes: PART_BYTES });
  ecr.repositories.set('app', newRepository());
  for (const [name, value] of Object.entries(ecr.env)) vi.stubEnv(name, value);
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL']) vi.stubEnv(name, undefined);
  bed = openBed(`credential: ${CLOUD}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bed[Symbol.asyncDispose]();
  await ecr[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

function openBed(entry: string): SlicedBed {
  return openSlicedBed(registriesOf(`"${ecr.host}": { kind: ecr, ${entry} }`, { timeouts: {} }));
}

type Options = Parameters<SlicedBed['slice']>[2];
const slice = (options: Options = {}, repository = 'app') =>
  bed.slice(`${source.host}/app:v1`, [`${ecr.host}/${repository}:v1`], { upload: { resume: 'none' }, ...options });
/** Of the layer's bytes, whatever became of them. */
const parts = () => ecr.count('UploadLayerPart');
const failAt = (operation: string, at: number, fault: EcrFault, more = 0) => {
  ecr.fault = (call: EcrCall) =>
    call.operation === operation && call.count >= at && call.count <= at + more ? fault : undefined;
};

const layer = () => ({ mediaType: 'application/octet-stream', ...source.layer });

/** The way itself, with nothing around it that would try again. */
function openWay(onRetry: () => void = () => undefined) {
  const entry = `"${ecr.host}": { kind: ecr, credential: ${CLOUD} }`;
  const registries = registriesOf(entry, { timeouts: {}, onRetry });
  const registry = registries.client(ecr.host);
  if (registry.parts === undefined) throw new Error('ECR takes no parts');
  const target = { registry, name: 'app' };
  return { parts: registry.parts, target, [Symbol.asyncDispose]: () => registries.close() };
}

function expectWhole(repository = 'app') {
  const { tags, blobs } = ecr.repositories.get(repository) ?? newRepository();
  expect(tags.get('v1')).toBe(source.digest);
  expect(blobs.get(source.layer.digest)?.size).toBe(LAYER_BYTES);
  expect(bed.checkpoints.size).toBe(0);
}

function expectNothing() {
  expect(ecr.repositories.get('app')?.tags.size).toBe(0);
  expect(ecr.repositories.get('app')?.blobs.has(source.layer.digest)).toBe(false);
}

describe('a large layer', () => {
  test('goes in parts of the size that ECR asks for, small blobs by the registry itself', async () => {
    const { report, saves } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'copied', blobs: { copied: 3 } }]);
    expectWhole();
    expect([saves, parts(), ecr.count('InitiateLayerUpload'), ecr.count('CompleteLayerUpload')]).toEqual([6, 6, 1, 1]);
    expect([ecr.count('PUT upload'), ecr.count('PATCH upload')]).toEqual([2, 0]);
    expect(source.sentBytes).toBe(LAYER_BYTES);
    // the two of the AWS API around the parts are not free either
    expect(report?.targets[0]?.requests).toBeGreaterThanOrEqual(PARTS + 2);
  });

  test('stops behind a part when the slice ends, and the next slice sends the rest', async () => {
    const first = await slice({ endAfter: 2 });
    expect(first.report?.targets).toMatchObject([{ state: 'failed', error: { code: 'interrupted' } }]);
    expectNothing();
    expect([...bed.checkpoints.values()]).toMatchObject([{ offset: 2 * PART_BYTES, leastChunkBytes: PART_BYTES }]);
    expect((await slice()).found).toEqual(['resumed']);
    expectWhole();
    expect([parts(), ecr.count('InitiateLayerUpload')]).toEqual([PARTS, 1]);
  });

  test.each([1, 4, 6])('costs one part more where a process ends behind part %i', async (at) => {
    const beforeSave = (count: number) => {
      if (count === at) throw new TransshipError('fence-lost', 'somebody else holds the job');
    };
    await slice({ beforeSave });
    await slice();
    expectWhole();
    // without a first checkpoint nothing is known of the upload
    expect(parts()).toBe(PARTS + 1);
    expect(ecr.count('PUT upload')).toBe(2);
  });

  test('whose upload ECR has forgotten begins again, and nothing else does', async () => {
    await slice({ endAfter: 3 });
    ecr.uploads.clear();
    expect((await slice()).found).toEqual(['resumed', 'restarted']);
    expectWhole();
    expect(ecr.count('PUT upload')).toBe(2);
    expect(parts()).toBe(3 + 1 + PARTS);
  });

  test('begins again where ECR has less than it acknowledged', async () => {
    await slice({ endAfter: 3 });
    for (const upload of ecr.uploads.values()) upload.sizeBytes = PART_BYTES;
    expect((await slice()).found).toEqual(['resumed', 'restarted']);
    expectWhole();
    expect(parts()).toBe(3 + 1 + PARTS);
  });

  test('that is in another repository already is mounted', async () => {
    ecr.settings.mountsBlobs = true;
    ecr.repositories.set('copy', newRepository());
    const targets = ['app', 'copy'].map((name) => `${ecr.host}/${name}:v1`);
    const { report } = await bed.slice(`${source.host}/app:v1`, targets, { upload: { resume: 'none' } });
    expect(report?.targets.map(({ blobs }) => blobs.mounted).toSorted()).toEqual([0, 3]);
    expectWhole('app');
    expectWhole('copy');
    expect(parts()).toBe(PARTS);
  });

  test('goes into a repository that had to be made', async () => {
    await bed[Symbol.asyncDispose]();
    bed = openBed(`credential: ${CLOUD}, createRepository: {}`);
    await slice({}, 'made');
    expectWhole('made');
    expect([parts(), ecr.count('CreateRepository')]).toEqual([PARTS, 1]);
  });

  test('goes in one piece where the login is no identity of AWS', async () => {
    await bed[Symbol.asyncDispose]();
    vi.stubEnv('TOKEN', ecr.settings.token);
    const login = 'credential: { username: { env: USER_AWS }, password: { env: TOKEN } }';
    vi.stubEnv('USER_AWS', 'AWS');
    bed = openSlicedBed(registriesOf(`"${ecr.host}": { kind: ecr, ${login} }`, { env: process.env }));
    await slice();
    expectWhole();
    expect([parts(), ecr.count('PUT upload')]).toEqual([0, 3]);
  });
});

test('parts go only where the API has the registry of that name: not from behind a name that tells no account', async () => {
  for (const name of Object.keys(ecr.env).filter((one) => one.startsWith('AWS_ENDPOINT'))) vi.stubEnv(name, undefined);
  const [own, proxy] = ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'images.acme.io'];
  const entries = [own, proxy].map((host) => `"${host}": { kind: ecr, credential: ${CLOUD} }`);
  const registries = registriesOf(entries.join('\n'), { timeouts: {} });
  expect([own, proxy].map((host) => registries.client(host).parts?.takes(layer()))).toEqual([true, false]);
  await registries.close();
});

describe('an answer that is lost', () => {
  test.each([
    ['InitiateLayerUpload', 1, 0],
    ['UploadLayerPart', 1, 1],
    ['UploadLayerPart', 4, 1],
    ['UploadLayerPart', 6, 1],
    ['CompleteLayerUpload', 1, 0],
  ])('of %s number %i costs no more than that call', async (operation, at, more) => {
    failAt(operation, at, 'lose');
    const { report } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'copied' }]);
    expectWhole();
    expect(parts()).toBe(PARTS + more);
  });

  test('after a cut connection is one that was never given', async () => {
    failAt('UploadLayerPart', 2, 'cut', 1);
    await slice();
    expectWhole();
    expect(parts()).toBe(PARTS + 2);
  });
});

describe('ECR', () => {
  test.each(['ThrottlingException', 'LimitExceededException', 'TooManyRequestsException'])(
    'that limits the calls (%s) is asked again later',
    async (type) => {
      failAt('UploadLayerPart', 2, awsFault(type, 'Rate exceeded'), 1);
      await slice();
      expectWhole();
      expect(parts()).toBe(PARTS + 2);
    },
  );

  test('that says when is asked nothing at all before', async () => {
    const { promise: refused, resolve } = Promise.withResolvers<void>();
    await using way = openWay(resolve);
    const upload = await way.parts.begin(way.target, layer());
    failAt('UploadLayerPart', 1, { ...awsFault('ServerException', 'busy', {}, 503), headers: { 'retry-after': '1' } });
    const startedAt = performance.now();
    const sending = way.parts.send(way.target, upload, Buffer.alloc(PART_BYTES), 0);
    await refused;
    await hasBlob(way.target, layer());
    expect(performance.now() - startedAt).toBeGreaterThan(950);
    await sending;
    expect(parts()).toBe(2);
  });

  test('that has the layer already is a success, and one that knows no such upload is none', async () => {
    await using way = openWay();
    const upload = await way.parts.begin(way.target, layer());
    await way.parts.send(way.target, upload, Buffer.alloc(PART_BYTES), 0);
    const { hash } = [...ecr.uploads.values()][0] ?? {};
    const digest = `sha256:${hash?.copy().digest('hex')}`;
    ecr.repositories.get('app')?.blobs.set(digest, { size: PART_BYTES });
    await way.parts.finish(way.target, upload, digest);
    ecr.uploads.clear();
    await expect(way.parts.finish(way.target, upload, digest)).rejects.toMatchObject({ code: 'upload-lost' });
  });

  test('that has the layer meanwhile is a success', async () => {
    ecr.fault = ({ operation }) => {
      const { digest, size } = source.layer;
      if (operation === 'CompleteLayerUpload') ecr.repositories.get('app')?.blobs.set(digest, { size });
      return undefined;
    };
    const { report } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'copied' }]);
    expectWhole();
  });

  test('that holds other bytes than were sent makes no layer of them', async () => {
    ecr.fault = ({ operation, count }) => {
      if (operation === 'UploadLayerPart' && count === 3) for (const { hash } of ecr.uploads.values()) hash.update('x');
      return undefined;
    };
    const { report } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'failed', error: { code: 'digest-mismatch' } }]);
    expectNothing();
    expect(bed.checkpoints.size).toBe(0);
  });

  test('that held other bytes of an earlier slice gets the layer again', async () => {
    await slice({ endAfter: 3 });
    for (const { hash } of ecr.uploads.values()) hash.update('x');
    expect((await slice()).found).toEqual(['resumed', 'restarted']);
    expectWhole();
  });

  test('that refuses a call is told with what the identity lacks', async () => {
    const message = 'User: x is not authorized to perform: ecr:InitiateLayerUpload';
    failAt('InitiateLayerUpload', 1, awsFault('AccessDeniedException', message));
    const { report } = await slice();
    expect(report?.targets).toMatchObject([
      {
        state: 'failed',
        error: {
          code: 'denied',
          repository: 'app',
          message: `${ecr.host}/app: ecr:InitiateLayerUpload failed: ${message}`,
          hint: 'allow ecr:InitiateLayerUpload to this AWS identity in its policy',
        },
      },
    ]);
    expectNothing();
  });

  test('whose repository is deleted meanwhile is told so', async () => {
    failAt('CompleteLayerUpload', 1, awsFault('RepositoryNotFoundException', 'no such repository'));
    const { report } = await slice();
    expect(report?.targets).toMatchObject([{ state: 'failed', error: { code: 'not-found' } }]);
  });
});
