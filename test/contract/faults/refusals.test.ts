// A registry that refuses for a while or for good: tokens that run out, rate limits, and storms of server errors.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { expectClearProblem } from '../../support/clear-problem.ts';
import { basic, runCopy, type CopyRunOptions } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let digest: string;

beforeEach(async () => {
  const auth = { kind: 'token', users: { user: 'password' } } as const;
  [source, target] = await Promise.all([startRegistry({ auth }), startRegistry({ auth })]);
  digest = (await plantImage(source, 'team/app', { tag: '1', layerSizes: [2000, 300_000, 1000] })).digest;
});

afterEach(() => Promise.all([source.stop(), target.stop()]));

function copy(options: CopyRunOptions = {}) {
  const logins = { [source.host]: basic('user', 'password'), [target.host]: basic('user', 'password') };
  return runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], { logins, ...options });
}

async function expectCopied(run: Awaited<ReturnType<typeof copy>>): Promise<void> {
  expect(run.target).toMatchObject({ state: 'copied', digest });
  expect(tagAt(target, 'mirror/app', '1')).toBe(digest);
  expect(await flawsBelowTags(target)).toEqual([]);
}

async function expectFailed(run: Awaited<ReturnType<typeof copy>>, registry: RunningRegistry): Promise<void> {
  expect(run.target?.state ?? 'failed').toBe('failed');
  expectClearProblem(run.problem, registry.host);
  expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  expect(await flawsBelowTags(target)).toEqual([]);
}

function count(registry: RunningRegistry, method: string, path: RegExp): number {
  return registry.requests.filter((request) => request.method === method && path.test(request.path)).length;
}

describe('a token that runs out', () => {
  test.each(['planned', 'blob', 'manifest'] as const)('at the first %s event: the copy finishes', async (type) => {
    let expired = false;
    const run = await copy({
      onEvent(event) {
        if (event.type !== type || expired) return;
        expired = true;
        source.expireTokens();
        target.expireTokens();
      },
    });
    expect(expired).toBe(true);
    await expectCopied(run);
    expect(count(target, 'GET', /^\/token/) + count(source, 'GET', /^\/token/)).toBeLessThanOrEqual(10);
  });

  test('between the start and the body of every upload: each blob is sent at most twice', async () => {
    target.faults.push({
      match: { method: 'PUT', path: /\/blobs\/uploads\//, nth: 1, times: 2 },
      action: {
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${target.url}/token",error="invalid_token"` },
      },
    });
    await expectCopied(await copy());
    expect(count(target, 'PUT', /\/blobs\/uploads\//)).toBeLessThanOrEqual(8);
  });

  test('again and again: gives up, and says how to log in', async () => {
    target.faults.push({ match: { path: /^\/v2\/.*uploads/ }, action: { status: 401 } });
    const run = await copy();
    await expectFailed(run, target);
    expect(run.problem).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('docker login') });
    expect(target.requests.length).toBeLessThanOrEqual(40);
  });

  test('of a user who lost the right to push: no tag, and the refusal is told', async () => {
    target.faults.push({
      match: { method: 'PUT', path: /\/manifests\// },
      action: { status: 403, body: '{"errors":[{"code":"DENIED","message":"requested access is denied"}]}' },
    });
    const run = await copy();
    await expectFailed(run, target);
    expect(run.problem).toMatchObject({ code: 'denied', status: 403 });
    expect(count(target, 'PUT', /\/manifests\//)).toBe(1);
  });
});

describe('a rate limit', () => {
  const limited = (retryAfter: string) => ({ status: 429, headers: { 'retry-after': retryAfter } });

  test('with Retry-After in seconds: the whole host rests that long, then the copy finishes', async () => {
    target.faults.push({ match: { method: 'POST', path: /\/uploads\//, nth: 2 }, action: limited('1') });
    const run = await copy();
    await expectCopied(run);
    expect(run.durationMs).toBeGreaterThanOrEqual(990);
    expect(run.events).toContainEqual(expect.objectContaining({ type: 'retry', delayMs: 1000 }));
  });

  test('with Retry-After as a date: waits until then', async () => {
    const until = Math.ceil(Date.now() / 1000) * 1000 + 1000;
    source.faults.push({
      match: { method: 'GET', path: /\/manifests\//, nth: 1 },
      action: limited(new Date(until).toUTCString()),
    });
    const run = await copy();
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    await expectCopied(run);
    expect(run.durationMs).toBeLessThan(4000);
  });

  test('without Retry-After: is tried again, a few times', async () => {
    source.faults.push({
      match: { method: 'GET', path: /\/blobs\//, nth: 1, times: 2 },
      action: { status: 429, body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}' },
    });
    await expectCopied(await copy());
  });

  test.each(['3600', '99999999999', new Date(Date.now() + 86_400_000).toUTCString()])(
    'for longer than anyone waits (%s): fails at once, and asks nothing more of that host',
    async (retryAfter) => {
      target.faults.push({ match: { method: 'POST', path: /\/uploads\// }, action: limited(retryAfter) });
      const run = await copy();
      await expectFailed(run, target);
      expect(run.problem?.code).toBe('too-many-requests');
      expect(run.durationMs).toBeLessThan(2000);
      expect(count(target, 'POST', /\/uploads\//)).toBeLessThanOrEqual(8);
    },
  );

  test('for good: gives up after a bounded number of tries', async () => {
    target.faults.push({ match: { method: 'PUT' }, action: { status: 429 } });
    const run = await copy();
    await expectFailed(run, target);
    expect(run.problem).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect(target.requests.length).toBeLessThanOrEqual(100);
  });
});

describe('a storm of server errors', () => {
  test.each([500, 502, 503, 504])('of %i: every request fails once or twice, and the copy finishes', async (status) => {
    for (const registry of [source, target]) {
      registry.faults.push(
        { match: { path: /\/manifests\//, nth: 1, times: 2 }, action: { status } },
        { match: { path: /\/blobs\//, nth: 1, times: 3 }, action: { status } },
        { match: { method: 'PUT', nth: 2 }, action: { status, body: '<html>bad gateway</html>' } },
      );
    }
    await expectCopied(await copy());
    expect(source.requests.length + target.requests.length).toBeLessThanOrEqual(70);
  });

  test.each([
    ['source', 'GET', /\/manifests\//],
    ['source', 'GET', /\/blobs\//],
    ['target', 'HEAD', /\/manifests\//],
    ['target', 'POST', /\/uploads\//],
    ['target', 'PUT', /\/uploads\//],
    ['target', 'PUT', /\/manifests\//],
    ['source', 'GET', /^\/token/],
    ['target', 'GET', /^\/token/],
  ] as const)('at the %s for every %s %s: gives up after a bounded number of tries', async (side, method, path) => {
    const broken = side === 'source' ? source : target;
    broken.faults.push({ match: { method, path }, action: { status: 503, body: 'no healthy upstream' } });
    const run = await copy();
    await expectFailed(run, broken);
    expect(run.problem).toMatchObject({ code: 'registry-unavailable', status: 503 });
    // At most: 4 blobs, 6 sessions for each, 4 tries to begin one.
    expect(count(broken, method, path)).toBeLessThanOrEqual(96);
    expect(run.durationMs).toBeLessThan(5000);
  });

  test('that begins in the middle and does not end: fails, with no tag', async () => {
    target.faults.push({ match: { nth: 6, times: Infinity }, action: { status: 500 } });
    await expectFailed(await copy(), target);
    expect(target.requests.length).toBeLessThanOrEqual(100);
  });

  test('at one of two targets: the other gets everything', async () => {
    await using other = await startRegistry();
    target.faults.push({ match: { method: 'PUT' }, action: { status: 500 } });
    const logins = { [source.host]: basic('user', 'password'), [target.host]: basic('user', 'password') };
    const targets = [`${target.host}/mirror/app:1`, `${other.host}/mirror/app:1`];
    const { report } = await runCopy(`${source.host}/team/app:1`, targets, { logins });
    expect(report?.targets.map(({ state }) => state)).toEqual(['failed', 'copied']);
    expect(tagAt(other, 'mirror/app', '1')).toBe(digest);
    expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
  });
});
