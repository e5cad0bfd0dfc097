// Mounts: a blob that the registry has appears in another repository without its bytes.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  closeUpload,
  digestOf,
  locationOf,
  newBytes,
  newRepository,
  pushBlob,
  send,
  startOn,
  storages,
  type Algorithm,
} from './client.ts';

const algorithms: Algorithm[] = ['sha256', 'sha512'];

describe.each(storages)('mount, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage);
  });
  afterAll(() => registry.stop());

  function mount(repository: string, digest: string, from?: string) {
    const source = from === undefined ? '' : `&from=${from}`;
    return send(registry, 'POST', `/v2/${repository}/blobs/uploads/?mount=${digest}${source}`);
  }

  describe.each(algorithms)('%s', (algorithm) => {
    test.each(['with', 'without'])('mounts a blob %s naming its repository', async (naming) => {
      const [source, target] = [newRepository(), newRepository()];
      const bytes = newBytes();
      const digest = await pushBlob(registry, source, bytes, algorithm);
      const mounted = await mount(target, digest, naming === 'with' ? source : undefined);
      expect([mounted.status, mounted.headers.get('docker-content-digest')]).toEqual([201, digest]);
      expect((await send(registry, 'GET', locationOf(mounted))).bytes).toEqual(bytes);
    });

    test('opens an upload for a blob that is not there, which then takes it', async () => {
      const bytes = newBytes();
      const digest = digestOf(bytes, algorithm);
      const answer = await mount(newRepository(), digest, newRepository());
      expect(answer.status).toBe(202);
      expect((await closeUpload(registry, locationOf(answer), digest, bytes)).status).toBe(201);
    });
  });

  test('does not mount from a repository that lacks the blob, even if another has it', async () => {
    const digest = await pushBlob(registry, newRepository(), newBytes());
    expect((await mount(newRepository(), digest, newRepository())).status).toBe(202);
  });

  test('answers a mount from the repository itself as a question whether the blob is there', async () => {
    const repository = newRepository();
    const digest = await pushBlob(registry, repository, newBytes());
    expect((await mount(repository, digest, repository)).status).toBe(201);
    expect((await mount(repository, digestOf(newBytes()), repository)).status).toBe(202);
  });

  test('keeps the mounted blob when the source deletes its own', async () => {
    const [source, target] = [newRepository(), newRepository()];
    const bytes = newBytes();
    const digest = await pushBlob(registry, source, bytes);
    await mount(target, digest, source);
    expect((await send(registry, 'DELETE', `/v2/${source}/blobs/${digest}`)).status).toBe(202);
    expect((await send(registry, 'HEAD', `/v2/${source}/blobs/${digest}`)).status).toBe(404);
    expect((await send(registry, 'GET', `/v2/${target}/blobs/${digest}`)).bytes).toEqual(bytes);
  });

  test('refuses a malformed digest', async () => {
    const answer = await mount(newRepository(), 'sha256:baddigeststring');
    expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
  });
});

test.each([
  [{ mount: false }, 202, 202],
  [{ anonymousMount: false }, 201, 202],
])('a registry with %o answers a mount with %i, without a source with %i', async (options, named, anonymous) => {
  await using registry = await startOn('memory', options);
  const [source, target] = [newRepository(), newRepository()];
  const digest = await pushBlob(registry, source, newBytes());
  const uploads = `/v2/${target}/blobs/uploads/?mount=${digest}`;
  expect((await send(registry, 'POST', uploads)).status).toBe(anonymous);
  expect((await send(registry, 'POST', `${uploads}&from=${source}`)).status).toBe(named);
});
