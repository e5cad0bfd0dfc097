// Deploy tokens of grants at GitLab by whole runs, against a server that follows the documented wire format.
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TransshipError } from '../../../../shared/errors.ts';
import type { Grantee, PullGrant } from '../../../../shared/grants/grant.ts';
import { markedName } from '../../../../shared/grants/shown-once-mark.ts';
import type { Target } from '../../../../shared/grants/site.ts';
import { gitlabGrant, startGitlabBed, type GitlabBed } from '../../../support/grants/gitlab-bed.ts';

const PLACE = { cluster: 'prod', namespace: 'team', name: 'pull' };
const TOKEN: Grantee = { kind: 'DeployToken', name: 'edge', secret: PLACE };
const NAME = markedName('transship', 'base', 'edge');
const DAY_MS = 86_400_000;

let bed: GitlabBed;
beforeEach(async () => {
  bed = await startGitlabBed();
});
afterEach(() => bed.gitlab[Symbol.asyncDispose]());

function grant(own: Partial<PullGrant> = {}, pattern = 'acme/team/app/**'): PullGrant {
  return gitlabGrant(pattern, { grantees: [TOKEN], ...own });
}

describe('a deploy token', () => {
  test.each([
    ['acme/team/app/**', 'projects acme/team/app'],
    ['acme/team/app', 'projects acme/team/app'],
    ['acme/team/**', 'groups acme/team'],
    ['acme/**', 'groups acme'],
  ])('for %s is one of %s, and kept', async (pattern, owner) => {
    const report = await bed.apply([grant({}, pattern)]);
    expect(report.entries).toMatchObject([{ op: 'create', state: 'Applied', verification: { method: 'read-back' } }]);
    expect(bed.gitlab.tokens).toMatchObject([
      { owner, name: `${NAME} base kept in prod/team/pull`, scopes: ['read_registry'], expires_at: null },
    ]);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(true);
  });

  test('is made once: 100 more runs write nothing', async () => {
    await bed.apply([grant()]);
    for (let run = 0; run < 100; run += 1) await bed.apply([grant()]);
    expect(bed.gitlab.writes()).toHaveLength(1);
  });

  test('goes with the grant', async () => {
    await bed.apply([grant()]);
    expect((await bed.apply([])).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    expect(bed.gitlab.tokens).toEqual([]);
  });

  test('goes also where its Secret cannot be looked at any more', async () => {
    await bed.apply([grant()]);
    bed.secrets.lookError = new TransshipError('cluster-unavailable', 'the cluster is away');
    await bed.apply([grant()]);
    expect(bed.gitlab.writes()).toHaveLength(1);
    expect((await bed.apply([])).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    expect(bed.gitlab.tokens).toEqual([]);
  });

  test('gives way to a new one that is kept first', async () => {
    await bed.apply([grant({ expiresAt: new Date('2027-01-31T12:00:00Z') })]);
    await bed.apply([grant({ expiresAt: new Date('2027-06-30T12:00:00Z') })]);
    expect(bed.gitlab.tokens).toMatchObject([{ expires_at: '2027-06-30T00:00:00.000Z' }]);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(true);
    expect(bed.gitlab.writes().map(({ method }) => method)).toEqual(['POST', 'POST', 'DELETE']);
  });

  test.each<[string, () => void]>([
    ['revoked', () => bed.gitlab.tokens.splice(0)],
    ['parted from its Secret', () => bed.secrets.forget(PLACE)],
  ])('that somebody has %s is made anew', async (_, tamper) => {
    await bed.apply([grant()]);
    tamper();
    expect((await bed.apply([grant()])).entries).toMatchObject([{ state: 'Applied' }]);
    expect(bed.gitlab.tokens).toHaveLength(1);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(true);
  });
});

describe('its end', () => {
  test('is the midnight before that of the grant, and on the last day our timer’s', async () => {
    // it is noon
    const expiresAt = new Date(bed.clock.now().getTime() + 2.25 * DAY_MS);
    await bed.apply([grant({ expiresAt })]);
    expect(bed.gitlab.tokens).toMatchObject([{ expires_at: '2026-11-23T00:00:00.000Z' }]);
    bed.clock.step(1.75 * DAY_MS);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(false);
    await bed.apply([grant({ expiresAt })]);
    expect(bed.gitlab.tokens.at(-1)).toMatchObject({ expires_at: '2026-11-24T00:00:00.000Z' });
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(true);
    const writes = bed.gitlab.writes().length;
    await bed.apply([grant({ expiresAt })]);
    expect(bed.gitlab.writes()).toHaveLength(writes);
    bed.clock.step(0.75 * DAY_MS);
    await bed.apply([grant({ expiresAt })]);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(false);
  });
});

describe('what an interrupted run left', () => {
  test('before the token was kept goes, and the next one is kept', async () => {
    bed.gitlab.addToken('projects acme/team/app', { name: `${NAME} base kept in prod/team/pull` });
    expect((await bed.apply([grant()])).grants).toMatchObject([{ state: 'Applied' }]);
    expect(bed.gitlab.tokens).toHaveLength(1);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(true);
  });

  test('before the old one was removed goes, and the one that is kept stays', async () => {
    bed.gitlab.addToken('projects acme/team/app', { name: `${NAME} base kept in prod/team/pull` });
    await bed.apply([grant()]);
    const shown = bed.secrets.at(PLACE);
    bed.gitlab.addToken('projects acme/team/app', { name: `${NAME} base kept in prod/team/pull` });
    await bed.apply([grant()]);
    expect(bed.gitlab.tokens).toHaveLength(1);
    expect(bed.secrets.at(PLACE)).toBe(shown);
    expect(bed.gitlab.pulls(shown)).toBe(true);
  });

  test('is not judged while its Secret cannot be looked at', async () => {
    await bed.apply([grant()]);
    bed.gitlab.addToken('projects acme/team/app', { name: `${NAME} base kept in prod/team/pull` });
    bed.secrets.lookError = new TransshipError('cluster-unavailable', 'the cluster is away');
    expect((await bed.apply([grant()])).grants).toMatchObject([{ state: 'Applied' }]);
    expect(bed.gitlab.tokens).toHaveLength(2);
  });
});

describe('a token', () => {
  test('that cannot be kept is taken away again, and comes to light nowhere', async () => {
    bed.secrets.keepError = new TransshipError('conflict-refused', 'Secret team/pull is not ours', { hint: 'another' });
    const report = await bed.apply([grant()]);
    expect(report.grants).toMatchObject([
      { state: 'Blocked', problem: { message: 'Secret team/pull is not ours', hint: 'another' } },
    ]);
    expect(bed.gitlab.tokens).toEqual([]);
    const told = inspect([report, bed.store.all()], { depth: 12 });
    for (const secret of [...bed.gitlab.secrets, bed.gitlab.token]) expect(told).not.toContain(secret);
    expect(bed.gitlab.secrets).toHaveLength(1);
  });

  test('moves to another Secret by being made anew', async () => {
    await bed.apply([grant()]);
    const place = { ...PLACE, namespace: 'other' };
    await bed.apply([grant({ grantees: [{ kind: 'DeployToken', name: 'edge', secret: place }] })]);
    expect(bed.gitlab.tokens).toHaveLength(1);
    expect(bed.gitlab.pulls(bed.secrets.at(place))).toBe(true);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(false);
  });

  test('that does not read the registry is none, wherever it is kept', async () => {
    await bed.apply([grant()]);
    for (const token of bed.gitlab.tokens) token.scopes = ['read_repository'];
    await bed.apply([grant()]);
    expect(bed.gitlab.tokens).toMatchObject([{ scopes: ['read_registry'] }]);
    expect(bed.gitlab.pulls(bed.secrets.at(PLACE))).toBe(true);
  });

  test('has a Secret to itself', async () => {
    await bed.apply([grant()]);
    const shown = bed.secrets.at(PLACE);
    const report = await bed.apply([grant(), grant({ id: 'more' }, 'acme/web')]);
    expect(report.grants).toMatchObject([
      { grant: 'base', state: 'Applied' },
      { grant: 'more', state: 'Blocked', problem: { message: expect.stringContaining(NAME) } },
    ]);
    expect(bed.secrets.at(PLACE)).toBe(shown);
  });
});

test('tokens of others outlive any grants, also in later pages and of other instances', async () => {
  for (const owner of ['projects acme/team/app', 'groups acme']) {
    for (let index = 0; index < 120; index += 1) bed.gitlab.addToken(owner, { name: `pg-${index}` });
    bed.gitlab.addToken(owner, { name: `${markedName('another', 'base', 'edge')} base kept in prod/team/pull` });
  }
  const before = structuredClone(bed.gitlab.tokens);
  expect(await bed.backend.marked()).toEqual([]);
  expect(await bed.backend.observe(target('acme/team/app'))).toMatchObject({ state: 'there', entries: [] });
  const patterns = ['acme/team/app/**', 'acme/team/**', 'acme/**', 'acme/web', 'acme/web/image'];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.subarray(patterns), { minLength: 1, maxLength: 3 }), async (rounds) => {
      const own = bed.another();
      for (const round of [...rounds, []]) {
        const grants = round.map((pattern, index) =>
          grant({ id: `g${index}`, grantees: [{ ...TOKEN, secret: { ...PLACE, name: `pull-${index}` } }] }, pattern),
        );
        await own.apply(grants);
      }
      expect(bed.gitlab.tokens).toEqual(before);
    }),
    { numRuns: 8 },
  );
});

test('an audit names whose tokens pull, also those of groups above, and what is open', async () => {
  const { gitlab } = bed;
  gitlab.projects.set('acme/team/app', { visibility: 'public' });
  gitlab.projects.set('acme/web', { visibility: 'internal' });
  gitlab.projects.set('acme/team/base', { visibility: 'public', container_registry_access_level: 'private' });
  gitlab.addToken('projects acme/team/app', { name: 'ci', scopes: ['read_registry', 'write_registry'] });
  gitlab.addToken('projects acme/team/app', { name: 'clone', scopes: ['read_repository'] });
  gitlab.addToken('groups acme', { name: 'all', expires_at: '2027-01-01T00:00:00.000Z' });
  await bed.apply([grant()]);
  const found = await Array.fromAsync(bed.backend.audit());
  const lines = found.map(({ target, object, what, class: kind, flags }) => [
    target.place,
    object,
    what,
    kind,
    ...flags,
  ]);
  expect(lines.filter(([place]) => place === 'acme/team/app')).toEqual([
    ['acme/team/app', 'visibility of the project', 'acme/team/app', 'over-broad', 'public'],
    ['acme/team/app', 'deploy token ci', 'acme/team/app', 'foreign', 'may push'],
    ['acme/team/app', `deploy token ${NAME}`, 'acme/team/app', 'ours'],
    ['acme/team/app', 'deploy token all', 'acme/**', 'foreign'],
  ]);
  expect(lines.filter(([place]) => place === 'acme/**')).toEqual([
    ['acme/**', 'visibility of the project', 'acme/web', 'over-broad', 'internal'],
    ['acme/**', 'visibility of the project', 'acme/team/app', 'over-broad', 'public'],
    ['acme/**', 'deploy token all', 'acme/**', 'foreign'],
  ]);
});

test('an end of a grant for an open project is told to be none', async () => {
  await bed.apply([grant()]);
  bed.gitlab.projects.set('acme/team/app', { visibility: 'public' });
  expect((await bed.apply([])).entries).toMatchObject([
    { op: 'delete', state: 'Blocked', problem: { message: expect.stringContaining('visibility of the project') } },
  ]);
  expect(bed.gitlab.tokens).toEqual([]);
});

test('a write on what is not as it was seen changes nothing', async () => {
  const observed = await bed.backend.observe(target('acme/team/app'));
  await bed.apply([grant()]);
  const [entry] = (await bed.backend.observe(observed.target)).entries;
  if (entry === undefined) throw new Error('nothing was written');
  const wanted = { target: observed.target, key: entry.key, content: entry.content, grants: ['base'] };
  const writes = bed.gitlab.writes().length;
  for (const change of [
    { op: 'create' as const, wanted },
    { op: 'update' as const, wanted, before: null },
    { op: 'delete' as const, key: entry.key, before: null },
  ]) {
    await expect(bed.backend.write(observed, [change])).rejects.toMatchObject({ code: 'object-conflict' });
  }
  expect(bed.gitlab.writes()).toHaveLength(writes);
});

describe('what cannot be', () => {
  test.each<[string, string, Grantee]>([
    ['an image of a project', 'acme/team/app/image', TOKEN],
    ['one level of a group', 'acme/team/*', TOKEN],
    ['everything', '**', TOKEN],
    ['a user', 'acme/web', { kind: 'User', name: 'alice' }],
    ['a token without a place', 'acme/web', { kind: 'DeployToken', name: 'edge' }],
  ])('%s is told', async (_, pattern, grantee) => {
    const { grants } = await bed.apply([gitlabGrant(pattern, { grantees: [grantee], approvedBy: 'lead' })]);
    expect(grants).toMatchObject([{ state: 'Unsupported', problem: { hint: expect.any(String) } }]);
    expect(bed.gitlab.writes()).toEqual([]);
  });

  test('a project that is not there is waited for', async () => {
    expect((await bed.apply([grant({}, 'acme/later')])).grants).toMatchObject([{ state: 'Pending' }]);
    bed.gitlab.projects.set('acme/later', { visibility: 'private' });
    expect((await bed.apply([grant({}, 'acme/later')])).grants).toMatchObject([{ state: 'Applied' }]);
  });

  test.each<[number, RegExp]>([
    [401, /scope "api"/],
    [403, /Maintainer/],
    [500, /try again/],
  ])('a refusal by %s is told, and changes and shows nothing', async (status, hint) => {
    bed.gitlab.fault = status;
    const report = await bed.apply([grant()]);
    expect(report.grants).toMatchObject([{ state: 'Blocked', problem: { hint: expect.stringMatching(hint) } }]);
    expect(inspect(report, { depth: 10 })).not.toContain(bed.gitlab.token);
  });

  test.each(['empty', 'garbage'] as const)('an answer that is %s is no end of anything', async (fault) => {
    await bed.apply([grant()]);
    bed.gitlab.fault = fault;
    expect((await bed.apply([])).entries).toMatchObject([{ state: 'Blocked' }]);
    expect(bed.gitlab.tokens).toHaveLength(1);
  });
});

function target(place: string): Target {
  return { backend: 'gitlab', host: 'registry.gitlab.test', place };
}
