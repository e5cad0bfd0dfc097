// Content management: deletes take effect at once, and only on what they name; names outside the grammar reach nothing.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-management
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import {
  digestOf,
  locationOf,
  makeImage,
  newBytes,
  newRepository,
  pushBlob,
  pushImage,
  putManifest,
  send,
  startOn,
  storages,
} from './client.ts';

describe.each(storages)('content management, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage);
  });
  afterAll(() => registry.stop());

  const statusOf = async (method: string, path: string) => (await send(registry, method, `/v2/${path}`)).status;
  const tagsOf = async (repository: string) => (await send(registry, 'GET', `/v2/${repository}/tags/list`)).json().tags;

  test('deletes a tag and leaves its manifest and other tags', async () => {
    const repository = newRepository();
    const manifest = await pushImage(registry, repository, 'v1');
    await putManifest(registry, repository, 'v2', manifest);
    expect(await statusOf('DELETE', `${repository}/manifests/v1`)).toBe(202);
    expect(await statusOf('HEAD', `${repository}/manifests/v1`)).toBe(404);
    expect(await statusOf('HEAD', `${repository}/manifests/${digestOf(manifest)}`)).toBe(200);
    expect(await tagsOf(repository)).toEqual(['v2']);
  });

  test('deletes a manifest with all its tags', async () => {
    const repository = newRepository();
    const manifest = await pushImage(registry, repository, 'v1');
    await putManifest(registry, repository, 'v2', manifest);
    const other = await pushImage(registry, repository, 'v3');
    expect(await statusOf('DELETE', `${repository}/manifests/${digestOf(manifest)}`)).toBe(202);
    expect(await statusOf('HEAD', `${repository}/manifests/${digestOf(manifest)}`)).toBe(404);
    expect(await tagsOf(repository)).toEqual(['v3']);
    expect(await statusOf('HEAD', `${repository}/manifests/${digestOf(other)}`)).toBe(200);
  });

  test('keeps a repository without tags as an empty list', async () => {
    const repository = newRepository();
    await pushImage(registry, repository, 'v1');
    await send(registry, 'DELETE', `/v2/${repository}/manifests/v1`);
    expect(await tagsOf(repository)).toEqual([]);
  });

  test('deletes a blob, which can be pushed again', async () => {
    const repository = newRepository();
    const bytes = newBytes();
    const digest = await pushBlob(registry, repository, bytes);
    expect(await statusOf('DELETE', `${repository}/blobs/${digest}`)).toBe(202);
    expect(await statusOf('HEAD', `${repository}/blobs/${digest}`)).toBe(404);
    expect(await registry.bytesOf(digest)).toBeUndefined();
    await pushBlob(registry, repository, bytes);
    expect(await statusOf('HEAD', `${repository}/blobs/${digest}`)).toBe(200);
  });

  test('answers 404 for deletes of what is not there', async () => {
    const repository = newRepository();
    await pushImage(registry, repository, 'v1');
    const absent = digestOf(newBytes());
    for (const path of ['manifests/v2', `manifests/${absent}`, `blobs/${absent}`]) {
      expect(await statusOf('DELETE', `${repository}/${path}`)).toBe(404);
    }
  });

  test('lets a download finish that began before the delete', async () => {
    const repository = newRepository();
    const bytes = newBytes(4_000_000);
    const digest = await pushBlob(registry, repository, bytes);
    registry.faults.push({
      match: { path: new RegExp(digest), method: 'GET' },
      action: { stallMs: 50, afterBytes: 1000 },
    });
    const response = await fetch(`${registry.url}/v2/${repository}/blobs/${digest}`);
    expect(await statusOf('DELETE', `${repository}/blobs/${digest}`)).toBe(202);
    expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), bytes)).toBe(0);
    expect(await statusOf('HEAD', `${repository}/blobs/${digest}`)).toBe(404);
    registry.faults.length = 0;
  });

  test.each([
    ['upper case', 'Conformance/app'],
    ['a separator at the end', 'conformance/app-'],
    ['a separator in front', '.conformance/app'],
    ['three underscores', 'a___b'],
    ['an empty component', 'a//b'],
    ['more than 255 characters', `a/${'b'.repeat(254)}`],
  ])('refuses a repository name with %s', async (_, name) => {
    for (const [method, path] of [
      ['GET', `${name}/tags/list`],
      ['PUT', `${name}/manifests/v1`],
      ['POST', `${name}/blobs/uploads/`],
    ] as const) {
      const answer = await send(registry, method, `/v2/${path}`);
      expect([answer.status, answer.codes]).toEqual([400, ['NAME_INVALID']]);
    }
  });

  test.each(['a', 'a.b_c__d-e--f/g0', `a/${'b'.repeat(253)}`])('takes the repository name %s', async (name) => {
    await pushImage(registry, name, 'v1');
    expect(await tagsOf(name)).toEqual(['v1']);
  });

  test('answers what is no endpoint with 404 and a wrong method with 405, in the error format', async () => {
    const repository = newRepository();
    await pushImage(registry, repository, 'v1');
    for (const [method, path, status] of [
      ['GET', '/v1/_ping', 404],
      ['GET', `/v2/${repository}/labels/x`, 404],
      ['POST', `/v2/${repository}/manifests/v1`, 405],
      ['DELETE', `/v2/${repository}/tags/list`, 405],
      ['GET', `/v2/${repository}/blobs/uploads/`, 405],
    ] as const) {
      const answer = await send(registry, method, path);
      expect([answer.status, answer.codes]).toEqual([status, ['UNSUPPORTED']]);
    }
  });

  test('never shows a manifest in part: readers of a moving tag see one version or the other', async () => {
    const repository = newRepository();
    const versions = [await makeImage(registry, repository), await makeImage(registry, repository)];
    await putManifest(registry, repository, 'v1', versions[0]!);
    const writes = Array.from({ length: 20 }, (_, count) =>
      putManifest(registry, repository, 'v1', versions[count % 2]!),
    );
    const reads = Array.from({ length: 20 }, () => send(registry, 'GET', `/v2/${repository}/manifests/v1`));
    for (const answer of await Promise.all(reads)) {
      expect(answer.headers.get('docker-content-digest')).toBe(digestOf(answer.bytes));
    }
    await Promise.all(writes);
  });
});

test('a registry that deletes nothing answers 405 and still lets uploads be cancelled', async () => {
  await using registry = await startOn('memory', { deletes: false });
  const repository = newRepository();
  await pushImage(registry, repository, 'v1');
  expect((await send(registry, 'DELETE', `/v2/${repository}/manifests/v1`)).status).toBe(405);
  const opened = await send(registry, 'POST', `/v2/${repository}/blobs/uploads/`);
  expect((await send(registry, 'DELETE', locationOf(opened))).status).toBe(204);
});
