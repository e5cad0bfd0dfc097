// Grants at Quay by whole runs, against a server that follows the documented wire format: what is ours changes, all else stays.
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditFinding } from '../../../../shared/grants/audit-finding.ts';
import type { PullGrant } from '../../../../shared/grants/grant.ts';
import { quayBackend } from '../../../../shared/grants/quay/backend.ts';
import { applyGrants } from '../../../../shared/grants/reconcile.ts';
import type { Target } from '../../../../shared/grants/site.ts';
import { silentLogger } from '../../../../shared/telemetry/logger.ts';
import { Secret } from '../../../../shared/telemetry/secret.ts';
import { configOf } from '../../../support/config-of.ts';
import { startFakeQuay, type FakeQuay } from '../../../support/grants/fake-quay.ts';
import { memoryGrantStore } from '../../../support/grants/memory-grant-store.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';
import { manualClock } from '../../../support/jobs/manual-clock.ts';

const ROBOT: PullGrant['grantees'] = [{ kind: 'Robot', name: 'ci' }];

let quay: FakeQuay;
let bed: ReturnType<typeof newBed>;

beforeEach(async () => {
  quay = await startFakeQuay();
  for (const name of ['acme/app', 'acme/base', 'acme/web', 'acmes/app']) {
    quay.repositories.set(name, { isPublic: false, permissions: new Map([['user/owner', 'admin']]) });
  }
  bed = newBed();
});
afterEach(() => quay[Symbol.asyncDispose]());

describe('permissions', () => {
  test('of a robot account at one repository are read, proven, and written once', async () => {
    const report = await bed.apply([grantFor('acme/app')]);
    expect(permissionsAt('acme/app')).toEqual({ 'user/owner': 'admin', 'user/acme+ci': 'read' });
    expect(report.entries).toMatchObject([
      { op: 'create', state: 'Applied', label: 'user:acme+ci', verification: { answer: 'allowed' } },
    ]);
    expect(quay.writes().length).toBe(1);
    for (let run = 0; run < 100; run += 1) await bed.apply([grantFor('acme/app')]);
    expect(quay.writes().length).toBe(1);
  });

  test('of a whole organization are also those of its new repositories', async () => {
    await bed.apply([grantFor('acme/**')]);
    for (const name of ['acme/app', 'acme/base', 'acme/web']) {
      expect(permissionsAt(name)['user/acme+ci']).toBe('read');
    }
    expect(permissionsAt('acmes/app')).toEqual({ 'user/owner': 'admin' });
    expect(quay.prototypes.get('acme')).toMatchObject([{ role: 'read', delegate: { kind: 'user', name: 'acme+ci' } }]);
  });

  test('go when the grant ends, but for those that another grant needs', async () => {
    const both = [grantFor('acme/**', { id: 'all' }), grantFor('acme/app', { id: 'one' })];
    await bed.apply(both);
    const report = await bed.apply([grantFor('acme/app', { id: 'one' })]);
    expect(permissionsAt('acme/app')['user/acme+ci']).toBe('read');
    expect(permissionsAt('acme/web')).toEqual({ 'user/owner': 'admin' });
    expect(quay.prototypes.get('acme')).toEqual([]);
    expect(report.entries.every(({ problem }) => problem === undefined)).toBe(true);
  });

  test('that somebody else gave stay as they are, and are told', async () => {
    permissions('acme/app').set('user/acme+ci', 'write');
    const report = await bed.apply([grantFor('acme/app')]);
    expect(permissionsAt('acme/app')['user/acme+ci']).toBe('write');
    expect(report.entries).toMatchObject([{ op: 'conflict', state: 'Conflict' }]);
    await bed.apply([]);
    expect(permissionsAt('acme/app')['user/acme+ci']).toBe('write');
    expect(quay.writes()).toEqual([]);
  });

  test('that say the same are taken over only where the grant says so, and nothing is written for that', async () => {
    permissions('acme/app').set('team/readers', 'read');
    const grant = grantFor('acme/app', { grantees: [{ kind: 'Team', name: 'readers' }] });
    expect((await bed.apply([grant])).entries).toMatchObject([{ op: 'conflict' }]);
    expect((await bed.apply([{ ...grant, adopt: true }])).entries).toMatchObject([{ op: 'adopt', state: 'Applied' }]);
    expect(quay.writes()).toEqual([]);
    await bed.apply([]);
    expect(permissionsAt('acme/app')).toEqual({ 'user/owner': 'admin' });
  });

  test('that a team gives as well are no end of ours', async () => {
    quay.teams.set('readers', ['acme+ci']);
    permissions('acme/app').set('team/readers', 'read');
    await bed.apply([grantFor('acme/app')]);
    const report = await bed.apply([]);
    expect(permissionsAt('acme/app')).toEqual({ 'user/owner': 'admin', 'team/readers': 'read' });
    expect(report.entries).toMatchObject([{ op: 'delete', state: 'Blocked' }]);
  });

  test('that somebody took back come again', async () => {
    await bed.apply([grantFor('acme/app')]);
    permissions('acme/app').delete('user/acme+ci');
    expect((await bed.apply([grantFor('acme/app')])).entries).toMatchObject([{ op: 'create', state: 'Applied' }]);
  });

  test('of others outlive any grants', async () => {
    const patterns = ['acme/app', 'acme/base', 'acme/*', 'acme/**', 'acmes/**'];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.subarray(patterns), { minLength: 1, maxLength: 4 }), async (rounds) => {
        const own = newBed();
        for (const [name, { permissions: standing }] of quay.repositories) {
          standing.clear();
          standing
            .set('user/owner', 'admin')
            .set(`user/${name.split('/')[0]}+other`, 'read')
            .set('team/devs', 'write');
        }
        for (const round of [...rounds, []]) {
          await own.apply(round.map((pattern, index) => grantFor(pattern, { id: `g${index}` })));
          for (const [name] of quay.repositories) {
            const organization = name.split('/')[0];
            const expected = { 'user/owner': 'admin', [`user/${organization}+other`]: 'read', 'team/devs': 'write' };
            expect(permissionsAt(name)).toMatchObject(expected);
          }
        }
        expect([...quay.repositories.values()].every(({ permissions: left }) => left.size === 3)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

describe('what cannot be', () => {
  test.each([
    [
      'a robot account of another organization',
      grantFor('acme/app', { grantees: [{ kind: 'Robot', name: 'other+ci' }] }),
    ],
    ['an account of a cloud', grantFor('acme/app', { grantees: [{ kind: 'AwsAccount', id: '111122223333' }] })],
    ['everything', grantFor('**', { approvedBy: 'lead' })],
  ])('%s is told', async (_, grant) => {
    const { grants } = await bed.apply([grant]);
    expect(grants).toMatchObject([{ state: 'Unsupported' }]);
    expect(quay.writes()).toEqual([]);
  });

  test('a repository that is not there is waited for', async () => {
    expect((await bed.apply([grantFor('acme/later')])).grants).toMatchObject([{ state: 'Pending' }]);
    quay.repositories.set('acme/later', { isPublic: false, permissions: new Map() });
    expect((await bed.apply([grantFor('acme/later')])).grants).toMatchObject([{ state: 'Applied' }]);
  });

  test('a login that is no token of an application is told, with what to do', async () => {
    const { grants } = await newBed('robot').apply([grantFor('acme/app')]);
    expect(grants).toMatchObject([
      { state: 'Blocked', problem: { message: expect.stringContaining('cannot be set as robot') } },
    ]);
  });

  test('that Quay refuses to one keep nobody else from theirs', async () => {
    quay.unknown.add('user/acme+absent');
    const absent = grantFor('acme/app', { id: 'absent', grantees: [{ kind: 'Robot', name: 'absent' }] });
    const report = await bed.apply([absent, grantFor('acme/app')]);
    expect(permissionsAt('acme/app')).toEqual({ 'user/owner': 'admin', 'user/acme+ci': 'read' });
    expect(report.grants).toMatchObject([
      { grant: 'absent', state: 'Blocked' },
      { grant: 'base', state: 'Applied' },
    ]);
    expect(report.entries.find(({ state }) => state === 'Blocked')?.problem?.message).toContain('acme+absent');
  });

  test('are not said to be gone by an answer of another shape', async () => {
    await bed.apply([grantFor('acme/app')]);
    quay.fault = 'empty';
    const entry = {
      target: targetOf('acme/app'),
      key: 'user:acme+ci',
      content: { kind: 'user', name: 'acme+ci', role: 'read' },
    };
    await expect(bed.backend.verify(entry, 'denied')).rejects.toMatchObject({ code: 'invalid-response' });
  });

  test.each([401, 403, 500])('a refusal by %s changes nothing and brings nothing to light', async (status) => {
    quay.fault = status;
    const report = await bed.apply([grantFor('acme/app')]);
    expect(report.grants).toMatchObject([{ state: 'Blocked' }]);
    expect(inspect(report, { depth: 10 })).not.toContain(quay.token);
  });
});

test('an audit names everybody who may pull, and who may more', async () => {
  quay.repositories.set('acme/open', { isPublic: true, permissions: new Map([['team/readers', 'read']]) });
  const found: AuditFinding[] = [];
  for await (const finding of bed.backend.audit()) found.push(finding);
  expect(found).toContainEqual(
    expect.objectContaining({ class: 'over-broad', who: ['everybody at all'], what: 'acme/open' }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ class: 'adoptable', who: ['team readers'], asGrant: expect.anything() }),
  );
  expect(found.filter(({ who }) => who[0] === 'user owner')).toMatchObject(
    ['acme/app', 'acme/base', 'acme/web'].map((what) => ({ what, class: 'foreign', flags: ['may admin'] })),
  );
});

function newBed(username = '$oauthtoken') {
  const clock = manualClock();
  const store = memoryGrantStore(() => clock.now());
  const config = configOf(`registries: { "${quay.host}": { kind: quay, plainHttp: true } }`);
  const backend = quayBackend({
    site: { backend: 'quay', host: quay.host, profiles: new Map() },
    instance: 'transship',
    place: { host: quay.host, aliases: [], plainHttp: true, env: {}, retries: { tries: 1 } },
    login: async () => ({ username, password: new Secret(quay.token) }),
    patterns: ['acme/**'],
    now: () => clock.now().getTime(),
    pause: async () => undefined,
  });
  return {
    backend,
    store,
    /** What is not among the grants any more is withdrawn. */
    async apply(patterned: readonly PullGrant[]) {
      const grants = patterned.map((grant) => ({
        ...grant,
        what: grant.what.map((part) => ({ ...part, registry: quay.host })),
      }));
      return applyGrants(
        {
          config: { ...config, grants },
          store,
          backendFor: async () => backend,
          clock,
          logger: silentLogger,
          actor: 'test',
          holder: 'one',
        },
        { overbroad: 'skip' },
      );
    },
  };
}

function grantFor(pattern: string, own: Partial<PullGrant> = {}): PullGrant {
  return pullGrant({
    grantees: ROBOT,
    what: [{ registry: 'quay.test', what: { kind: 'repository', pattern }, actions: ['pull'] }],
    ...own,
  });
}

function targetOf(place: string): Target {
  return { backend: 'quay', host: quay.host, place };
}

function permissions(repository: string): Map<string, string> {
  return quay.repositories.get(repository)?.permissions ?? new Map<string, string>();
}

function permissionsAt(repository: string): Record<string, string> {
  return Object.fromEntries(permissions(repository));
}
