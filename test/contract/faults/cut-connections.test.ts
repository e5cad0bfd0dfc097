// A connection that breaks: in each phase of a copy once, which the copy survives, and every time, which ends it with a clear error.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { FaultRule } from '../../../infra/demo/registry/faults.ts';
import { expectClearProblem } from '../../support/clear-problem.ts';
import { basic, runCopy, type CopyRun, type CopyRunOptions } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

let source: RunningRegistry;
let target: RunningRegistry;
let digest: string;

beforeEach(async () => {
  const auth = { kind: 'token', users: { user: 'password' } } as const;
  [source, target] = await Promise.all([startRegistry({ auth }), startRegistry({ auth })]);
  digest = (await plantImage(source, 'team/app', { tag: '1', layerSizes: [300_000, 1000, 400_000] })).digest;
});

afterEach(() => Promise.all([source.stop(), target.stop()]));

const BLOB = /\/blobs\/sha/;
const UPLOADS = /\/blobs\/uploads\/\?/;
const SESSION = /\/blobs\/uploads\/[^?]/;
const MANIFEST = /\/manifests\//;
const TOKEN = /^\/token/;

type Cut = [phase: string, side: 'source' | 'target', match: FaultRule['match'], action: FaultRule['action']];

const CUTS: Cut[] = [
  ['the token exchange of the source', 'source', { path: TOKEN }, { cutAfterBytes: 0 }],
  ['the token exchange of the target, in its answer', 'target', { path: TOKEN }, { cutAfterBytes: 10 }],
  ['the manifest, before its headers', 'source', { method: 'GET', path: MANIFEST }, { cutAfterBytes: 0 }],
  ['the manifest, in its body', 'source', { method: 'GET', path: MANIFEST }, { cutAfterBytes: 100 }],
  ['a blob, before its headers', 'source', { method: 'GET', path: BLOB }, { cutAfterBytes: 0 }],
  ['the look at the target', 'target', { method: 'HEAD', path: MANIFEST }, { cutAfterBytes: 0 }],
  ['the start of an upload', 'target', { method: 'POST', path: UPLOADS }, { cutAfterBytes: 0 }],
  [
    'the answer to the start of an upload',
    'target',
    { method: 'POST', path: UPLOADS },
    { cutAfterBytes: 0, of: 'response' },
  ],
  ['an upload, before its body', 'target', { method: 'PUT', path: SESSION }, { cutAfterBytes: 0 }],
  ['an upload, in its body', 'target', { method: 'PUT', path: SESSION }, { cutAfterBytes: 17 }],
  ['the write of the manifest', 'target', { method: 'PUT', path: MANIFEST }, { cutAfterBytes: 0 }],
  ['the write of the manifest, in its body', 'target', { method: 'PUT', path: MANIFEST }, { cutAfterBytes: 50 }],
];

/** Cuts after which the registry has done what was asked: a copy that never hears of it may still find it done. */
const LOST_REPLIES: Cut[] = [
  ['the answer to an upload', 'target', { method: 'PUT', path: SESSION }, { cutAfterBytes: 0, of: 'response' }],
  ['the answer to the manifest', 'target', { method: 'PUT', path: MANIFEST }, { cutAfterBytes: 0, of: 'response' }],
];

async function copy(options: CopyRunOptions = {}): Promise<CopyRun> {
  const logins = { [source.host]: basic('user', 'password'), [target.host]: basic('user', 'password') };
  return runCopy(`${source.host}/team/app:1`, [`${target.host}/mirror/app:1`], { logins, ...options });
}

function countAll(): number {
  return source.requests.length + target.requests.length;
}

describe('a connection cut once', () => {
  test.each([...CUTS, ...LOST_REPLIES])('in %s: the copy finishes', async (_phase, side, match, action) => {
    (side === 'source' ? source : target).faults.push({ match: { ...match, nth: 1 }, action });
    const { target: report, events } = await copy();
    expect(report).toMatchObject({ state: 'copied', digest });
    expect(await flawsBelowTags(target)).toEqual([]);
    expect(tagAt(target, 'mirror/app', '1')).toBe(digest);
    // What an untroubled copy needs, and at most one blob once more.
    expect(countAll()).toBeLessThanOrEqual(30);
    expect(events.filter(({ type }) => type === 'retry').length).toBeLessThanOrEqual(2);
  });

  test('in the body of a blob: only what is missing is read again', async () => {
    await using recording = await startRegistry({ recordHeaders: true });
    await plantImage(recording, 'team/app', { tag: '1', layerSizes: [400_000] });
    recording.faults.push({ match: { method: 'GET', path: BLOB, nth: 1 }, action: { cutAfterBytes: 17 } });
    recording.faults.push({ match: { method: 'GET', path: BLOB, nth: 2 }, action: { cutAfterBytes: 250_000 } });
    const logins = { [target.host]: basic('user', 'password') };
    const run = await runCopy(`${recording.host}/team/app:1`, [`${target.host}/mirror/app:1`], { logins });
    expect(run.target).toMatchObject({ state: 'copied' });
    const reads = recording.exchanges.filter(({ method, path }) => method === 'GET' && BLOB.test(path));
    const ranges = reads.flatMap(({ headers }) => headers.range ?? []);
    expect(ranges.length).toBeGreaterThan(0);
    expect(ranges.every((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
    expect(await flawsBelowTags(target)).toEqual([]);
  });

  test('with a lost answer to an upload: the blob is found, not sent again', async () => {
    target.faults.push({
      match: { method: 'PUT', path: SESSION, nth: 2 },
      action: { cutAfterBytes: 0, of: 'response' },
    });
    const { target: report } = await copy();
    expect(report).toMatchObject({ state: 'copied', blobs: { copied: 3, existing: 1 } });
    const uploads = target.requests.filter(({ method, path }) => method === 'PUT' && SESSION.test(path));
    expect(uploads).toHaveLength(4);
  });
});

describe('a connection cut every time', () => {
  test.each(CUTS)('in %s: fails with a clear error, and no tag', async (_phase, side, match, action) => {
    const broken = side === 'source' ? source : target;
    broken.faults.push({ match, action });
    const { target: report, problem, durationMs } = await copy();
    expect(report?.state ?? 'failed').toBe('failed');
    expectClearProblem(problem, broken.host);
    expect(tagAt(target, 'mirror/app', '1')).toBeUndefined();
    expect(await flawsBelowTags(target)).toEqual([]);
    expect(countAll()).toBeLessThanOrEqual(120);
    expect(durationMs).toBeLessThan(5000);
  });

  test.each(LOST_REPLIES)('in %s: ends, and what is there is whole', async (_phase, _side, match, action) => {
    target.faults.push({ match, action });
    const { target: report, problem } = await copy();
    expect(report?.state === 'copied' || problem !== undefined).toBe(true);
    expect(await flawsBelowTags(target)).toEqual([]);
    expect(countAll()).toBeLessThanOrEqual(120);
  });

  test('at connecting: names host and operation', async () => {
    const gone = await startRegistry();
    await gone.stop();
    const nobody = gone.host;
    const { problem } = await runCopy(`${nobody}/team/app:1`, [`${target.host}/mirror/app:1`], {
      logins: { [target.host]: basic('user', 'password') },
    });
    expectClearProblem(problem, nobody);
    expect(problem).toMatchObject({
      code: 'connection-failed',
      hint: expect.stringContaining('is a registry listening'),
    });
  });
});
