// Grants in repository policies of a moto server, behind a front that refuses, shuffles and loses what ECR does.
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GrantBackend } from '../../../shared/grants/backend.ts';
import { ecrWanted } from '../../../shared/grants/ecr/wanted.ts';
import type { Grantee, PullGrant } from '../../../shared/grants/grant.ts';
import {
  account,
  apply,
  changesFor,
  creations,
  ecrBehind,
  HOST,
  observe,
  openEcr,
  part,
  site,
  target,
  verify,
  wantedAt,
} from '../../support/grants/ecr-grants.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { startStrictEcr, type StrictEcr } from '../../support/grants/strict-ecr.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

let moto: Moto;
let aws: StrictEcr;
/** Past the front, as somebody else. */
let behind: ReturnType<typeof ecrBehind>;

// Without moto there is no AWS to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('grants in ECR', () => {
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    behind = ecrBehind(moto.url);
  });
  beforeEach(async (context) => {
    aws = await startStrictEcr(moto.url);
    context.onTestFinished(() => aws[Symbol.asyncDispose]());
    for (const [name, value] of Object.entries(moto.env)) vi.stubEnv(name, value);
    for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_ENDPOINT_URL_ECR', aws.url);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await moto[Symbol.asyncDispose]();
  });

  test('a grant is one statement with its end, by which the account may pull', async () => {
    const repository = await newRepository();
    const backend = openEcr();
    const grant = pullGrant({ grantees: [account('000000000042')], expiresAt: new Date('2099-01-31T00:00:00Z') });
    const wanted = wantedAt(repository, grant);
    expect(await apply(backend, repository, [grant])).toMatchObject({
      alarms: [],
      outcomes: [{ state: 'written', requestId: 'request-of-the-test' }],
    });
    expect(JSON.parse((await policyOf(repository)) ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: wanted[0]?.key,
          Effect: 'Allow',
          Principal: { AWS: ['arn:aws:iam::000000000042:root'] },
          Action: PULL,
          Condition: { DateLessThan: { 'aws:CurrentTime': ['2099-01-31T00:00:00Z'] } },
        },
      ],
    });
    expect(await verify(backend, wanted[0], 'allowed')).toMatchObject({
      method: 'policy-evaluation',
      answer: 'allowed',
      note: expect.stringContaining('its own account has to allow it as well'),
    });
  });

  test('100 runs over what stands there write nothing, in whatever order and words AWS tells it', async () => {
    const repository = await newRepository();
    const grants = [
      pullGrant({ id: 'accounts', grantees: ['000000000001', '111122223333', '444455556666'].map(account) }),
      pullGrant({ id: 'org', grantees: [{ kind: 'AwsOrganization', id: 'o-a1b2c3d4e5' }] }),
    ];
    const backend = openEcr();
    await apply(backend, repository, grants);
    const written = aws.writes();
    expect(written).toBe(1);
    const revisions = new Set<string>();
    for (let run = 0; run < 100; run += 1) {
      const observed = await observe(backend, repository);
      revisions.add(observed.revision);
      const changes = changesFor(observed, grants);
      expect(changes).toEqual([]);
      // also where somebody asks for what is there already
      if (run % 10 === 0) await backend.write(observed, creations(repository, grants));
    }
    expect(aws.writes()).toBe(written);
    expect(revisions.size).toBe(1);
  });

  test('statements of others keep their bytes over edits, and the last of ours takes no policy away that is theirs', async () => {
    aws.rewritesAnswers = false;
    const repository = await newRepository();
    const theirs = `{"Sid":"Partners",  "Effect":"Deny","Principal":"*","Action":[ "ecr:PutImage"],"Condition":{"Bool":{"aws:SecureTransport":false}}}`;
    await setPolicy(repository, `{"Version":"2008-10-17", "Statement":[${theirs}]}`);
    const backend = openEcr();
    for (let edit = 0; edit < 30; edit += 1) {
      const grants = ['a', 'b', 'c'].filter((_, index) => (edit >> index) % 2 === 0);
      const meant = grants.map((id) => pullGrant({ id, grantees: [account(String(edit % 5).padStart(12, '0'))] }));
      await apply(backend, repository, meant);
      expect(await policyOf(repository)).toContain(theirs);
      expect(changesFor(await observe(backend, repository), meant)).toEqual([]);
    }
    await apply(backend, repository, []);
    expect(await policyOf(repository)).toBe(`{"Version":"2008-10-17","Statement":[${theirs}]}`);
  });

  test('with the last statement the policy goes, and the grantee is denied', async () => {
    const repository = await newRepository();
    const backend = openEcr();
    const grant = pullGrant({ grantees: [account('000000000042')] });
    await apply(backend, repository, [grant]);
    await apply(backend, repository, []);
    expect(aws.operations).toContain('DeleteRepositoryPolicy');
    expect(await policyOf(repository)).toBeUndefined();
    expect(await verify(backend, wantedAt(repository, grant)[0], 'denied')).toMatchObject({ answer: 'denied' });
    // and one that is gone already is done
    expect(await backend.write(await observe(backend, repository), [])).toEqual({ outcomes: [], alarms: [] });
  });

  describe('a repository that is not there', () => {
    test('is told as missing, and a deletion there has nothing to do', async () => {
      const backend = openEcr();
      const observed = await backend.observe(target('not/there'));
      expect(observed).toEqual({ target: target('not/there'), state: 'missing', revision: 'missing', entries: [] });
      expect(await backend.write(observed, [{ op: 'delete', key: 'PGabcdefghijx0', before: {} }])).toMatchObject({
        outcomes: [{ state: 'unchanged' }],
      });
      const failure = rejectionOf(
        backend.write(observed, creations('not/there', [pullGrant({ grantees: [account('000000000042')] })])),
      );
      expect(await failure).toMatchObject({ code: 'not-found', hint: expect.stringContaining('createRepository') });
    });

    test('is made with its settings where the configuration says so', async () => {
      const repository = `made/${randomUUID()}`;
      const backend = openEcr({ createRepository: { tagMutability: 'immutable' } });
      const result = await apply(backend, repository, [pullGrant({ grantees: [account('000000000042')] })]);
      expect(result.outcomes).toMatchObject([{ state: 'written' }]);
      expect(await policyOf(repository)).toContain('000000000042');
    });

    test.each(['ab', `long/${'x'.repeat(251)}`])('names may have 2 to 256 characters: %#', async (name) => {
      const backend = openEcr({ createRepository: {} });
      const result = await apply(backend, name, [pullGrant({ grantees: [account('000000000042')] })]);
      expect(result.outcomes).toMatchObject([{ state: 'written' }]);
    });
  });

  describe('somebody else who writes the same policy', () => {
    const statement = (sid: string) =>
      `{"Sid":"${sid}","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"ecr:PutImage"}`;
    const policy = (...sids: string[]) => `{"Version":"2012-10-17","Statement":[${sids.map(statement).join(',')}]}`;

    test('between our look and our write loses nothing', async () => {
      const repository = await newRepository();
      await setPolicy(repository, policy('Old'));
      const backend = openEcr();
      const observed = await observe(backend, repository);
      await setPolicy(repository, policy('Old', 'New'));
      const grants = [pullGrant({ grantees: [account('000000000042')] })];
      await backend.write(observed, creations(repository, grants));
      expect(await sidsOf(repository)).toEqual(['Old', 'New', wantedAt(repository, grants[0]).at(0)?.key]);
    });

    test('is waited for until the policy stands still', async () => {
      const repository = await newRepository();
      const late = [policy('A'), policy('A', 'B'), policy('A', 'B', 'C')];
      const backend = openEcr({
        pause: async () => {
          const next = late.shift();
          if (next !== undefined) await setPolicy(repository, next);
        },
      });
      const observed = await observe(backend, repository);
      await setPolicy(repository, policy('First'));
      await backend.write(observed, creations(repository, [pullGrant({ grantees: [account('000000000042')] })]));
      expect((await sidsOf(repository)).slice(0, 3)).toEqual(['A', 'B', 'C']);
    });

    test('over our write has both in the end', async () => {
      const repository = await newRepository();
      const backend = openEcr();
      const observed = await observe(backend, repository);
      // after our write, before we read it back
      aws.before.set('SetRepositoryPolicy', () => {
        aws.before.set('GetRepositoryPolicy', () => setPolicy(repository, policy('Theirs')));
        return Promise.resolve();
      });
      const grants = [pullGrant({ grantees: [account('000000000042')] })];
      const result = await backend.write(observed, creations(repository, grants));
      expect(result).toMatchObject({ outcomes: [{ state: 'written' }], alarms: [] });
      expect(await sidsOf(repository)).toEqual(['Theirs', wantedAt(repository, grants[0]).at(0)?.key]);
    });

    test('while AWS makes ours wait loses nothing', async () => {
      const repository = await newRepository();
      const backend = openEcr();
      const grants = [pullGrant({ grantees: [account('000000000042')] })];
      const theirs = `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Allow","Principal":"*","Action":"ecr:ListImages"}]}`;
      aws.throttlesWrites = 2;
      aws.before.set('SetRepositoryPolicy', () => setPolicy(repository, theirs));
      expect((await apply(backend, repository, grants)).outcomes).toMatchObject([{ state: 'written' }]);
      expect(await sidsOf(repository)).toEqual(['Theirs', wantedAt(repository, grants[0]).at(0)?.key]);
    });

    test('a statement that our write loses is put back, and told', async () => {
      const repository = await newRepository();
      await setPolicy(repository, policy('Kept', 'Lost'));
      const backend = openEcr();
      const observed = await observe(backend, repository);
      aws.storesInstead = (text) => {
        const stored = JSON.parse(text) as { Statement: { Sid: string }[] };
        return JSON.stringify({ ...stored, Statement: stored.Statement.filter(({ Sid }) => Sid !== 'Lost') });
      };
      const result = await backend.write(
        observed,
        creations(repository, [pullGrant({ grantees: [account('000000000042')] })]),
      );
      expect(result.alarms).toEqual([
        `${HOST}/${repository}: statements of others were lost when the policy was written: Sid Lost; they were put back`,
      ]);
      expect((await sidsOf(repository)).toSorted()).toEqual(expect.arrayContaining(['Kept', 'Lost']));
    });

    describe('as another host of Transship does, with an instance of its own', () => {
      const mine = pullGrant({ id: 'mine', grantees: [account('000000000042')] });
      const theirs = pullGrant({ id: 'theirs', grantees: [account('000000000043')] });
      const keyOf = (repository: string, grant: PullGrant, instance: string) =>
        wantedAt(repository, grant, instance)[0]?.key ?? '';

      /** Both have read when the first one writes; the other one writes what it made of that only then. */
      async function writeOver(
        first: (backend: GrantBackend) => Promise<unknown>,
        other: (backend: GrantBackend) => Promise<unknown>,
      ): Promise<void> {
        const isDone = Promise.withResolvers<void>();
        const isRead = Promise.withResolvers<void>();
        const patient = openEcr({
          pause() {
            isRead.resolve();
            return isDone.promise;
          },
        });
        let began: Promise<unknown> | undefined;
        aws.before.set('SetRepositoryPolicy', async () => {
          began = first(patient).finally(isRead.resolve);
          await isRead.promise;
        });
        await other(openEcr({ instance: 'other' }));
        isDone.resolve();
        await began;
      }

      test('in the same moment, both have theirs in the end', async () => {
        const repository = await newRepository();
        await writeOver(
          (backend) => apply(backend, repository, [mine]),
          (backend) => apply(backend, repository, [theirs], 'other'),
        );
        const keys = [keyOf(repository, theirs, 'other'), keyOf(repository, mine, 'test')];
        expect(await sidsOf(repository)).toEqual(keys);
      });

      test('what was taken away does not come back by what the other one read before', async () => {
        const repository = await newRepository();
        await apply(openEcr(), repository, [mine, theirs]);
        await writeOver(
          (backend) => apply(backend, repository, [mine]),
          (backend) => apply(backend, repository, [theirs], 'other'),
        );
        const keys = [keyOf(repository, mine, 'test'), keyOf(repository, theirs, 'other')];
        expect(await sidsOf(repository)).toEqual(keys);
      });

      test('what it takes away right after our write is not put back for it', async () => {
        const repository = await newRepository();
        await apply(openEcr({ instance: 'other' }), repository, [theirs], 'other');
        aws.before.set('SetRepositoryPolicy', () => {
          aws.before.set('GetRepositoryPolicy', () => apply(openEcr({ instance: 'other' }), repository, [], 'other'));
          return Promise.resolve();
        });
        expect(await apply(openEcr(), repository, [mine])).toMatchObject({ alarms: [] });
        expect(await sidsOf(repository)).toEqual([keyOf(repository, mine, 'test')]);
      });

      test('many times at once, nobody loses anything', async () => {
        const pause = (ms: number) => setTimeout(ms);
        const hosts = ['test', 'other', 'third'].map((instance) => ({
          instance,
          backend: openEcr({ instance, pause }),
        }));
        const repositories = await Promise.all(Array.from({ length: 8 }, () => newRepository()));
        await Promise.all(
          repositories.flatMap((repository) =>
            hosts.map(({ instance, backend }) => apply(backend, repository, [mine], instance)),
          ),
        );
        for (const repository of repositories) {
          const keys = hosts.map(({ instance }) => keyOf(repository, mine, instance));
          expect(new Set(await sidsOf(repository))).toEqual(new Set(keys));
        }
      });
    });

    test('a write of ours that gets lost is done again', async () => {
      const repository = await newRepository();
      const backend = openEcr();
      const observed = await observe(backend, repository);
      aws.losesWrites = 2;
      const grants = [pullGrant({ grantees: [account('000000000042')] })];
      expect(await backend.write(observed, creations(repository, grants))).toMatchObject({
        outcomes: [{ state: 'written' }],
      });
      expect(await sidsOf(repository)).toHaveLength(1);
      aws.losesWrites = 100;
      const failure = await rejectionOf(apply(backend, repository, []));
      expect(failure).toMatchObject({
        code: 'object-conflict',
        retryable: true,
        message: expect.stringContaining('all the time'),
      });
    });

    test('an entry of ours that somebody changed since is not written over: the plan is old', async () => {
      const repository = await newRepository();
      const backend = openEcr();
      const grant = pullGrant({ grantees: [account('000000000042')] });
      await apply(backend, repository, [grant]);
      const observed = await observe(backend, repository);
      await setPolicy(repository, (await policyOf(repository))?.replace('000000000042', '000000000043') ?? '');
      const changes = changesFor(observed, []);
      expect(await rejectionOf(backend.write(observed, changes))).toMatchObject({ code: 'object-conflict' });
      expect(await policyOf(repository)).toContain('000000000043');
    });
  });

  describe('a principal that AWS does not know', () => {
    const role = (name: string): Grantee => ({ kind: 'AwsPrincipal', arn: `arn:aws:iam::000000000042:role/${name}` });

    test('is named, and all others of all grants are in', async () => {
      const repository = await newRepository();
      for (const name of ['gone', 'lost']) aws.unknownPrincipals.add(`arn:aws:iam::000000000042:role/${name}`);
      const backend = openEcr({ newPrincipalMs: 0 });
      const grants = [
        pullGrant({ id: 'one', grantees: ['a', 'gone', 'b', 'c'].map(role) }),
        pullGrant({ id: 'two', grantees: ['lost'].map(role) }),
        pullGrant({ id: 'three', grantees: ['d', 'e'].map(role) }),
      ];
      const result = await apply(backend, repository, grants);
      const [one, two] = grants.map((grant) => wantedAt(repository, grant)[0]?.key);
      expect(result.outcomes).toMatchObject([
        {
          state: 'blocked',
          problem: {
            message: `AWS does not take arn:aws:iam::000000000042:role/gone in statement ${one} of ${HOST}/${repository}: Principal not found; the 3 others of the grant are in`,
          },
        },
        {
          state: 'blocked',
          problem: {
            message: `AWS does not take arn:aws:iam::000000000042:role/lost in statement ${two} of ${HOST}/${repository}: Principal not found`,
          },
        },
        { state: 'written' },
      ]);
      const text = (await policyOf(repository)) ?? '';
      expect(new Set([...text.matchAll(/role\/(\w+)/g)].map(([, name]) => name))).toEqual(
        new Set(['a', 'b', 'c', 'd', 'e']),
      );
      // trying again changes nothing
      const policyBefore = await sidsOf(repository);
      expect((await apply(backend, repository, grants)).outcomes.map(({ state }) => state)).toEqual([
        'blocked',
        'blocked',
      ]);
      expect(await sidsOf(repository)).toEqual(policyBefore);
    });

    test('takes nobody out who is in, not even while it is looked for', async () => {
      const repository = await newRepository();
      const backend = openEcr();
      await apply(backend, repository, [pullGrant({ grantees: ['x', 'y', 'z'].map(role) })]);
      aws.unknownPrincipals.add('arn:aws:iam::000000000042:role/gone');
      const before = aws.policies.length;
      await apply(backend, repository, [pullGrant({ grantees: ['a', 'gone', 'm', 'x', 'y'].map(role) })]);
      const named = aws.policies
        .slice(before)
        .map((text) => [...text.matchAll(/role\/(\w+)/g)].map(([, name]) => name));
      expect(named.at(-1)).toEqual(['a', 'm', 'x', 'y']);
      for (const names of named) expect(names).toEqual(expect.arrayContaining(['x', 'y']));
    });

    test('that is new is waited for', async () => {
      const repository = await newRepository();
      const arn = 'arn:aws:iam::000000000042:role/new';
      aws.unknownPrincipals.add(arn);
      let time = 0;
      const backend = openEcr({
        newPrincipalMs: 120_000,
        now: () => time,
        pause: (ms) => {
          time += ms;
          if (time >= 60_000) aws.unknownPrincipals.delete(arn);
          return Promise.resolve();
        },
      });
      const result = await apply(backend, repository, [pullGrant({ grantees: [role('new'), role('old')] })]);
      expect(result.outcomes).toMatchObject([{ state: 'written' }]);
      expect(await policyOf(repository)).toContain(arn);
      expect(time).toBeGreaterThanOrEqual(60_000);
    });

    test('is waited for two minutes, and not again the next time', async () => {
      const repository = await newRepository();
      aws.unknownPrincipals.add('arn:aws:iam::000000000042:role/never');
      let time = 0;
      const pause = (ms: number) => Promise.resolve(void (time += ms));
      const backend = openEcr({ newPrincipalMs: 120_000, now: () => time, pause });
      const grants = [pullGrant({ grantees: [role('never')] })];
      expect((await apply(backend, repository, grants)).outcomes).toMatchObject([{ state: 'blocked' }]);
      expect(time).toBe(120_000);
      expect((await apply(backend, repository, grants)).outcomes).toMatchObject([{ state: 'blocked' }]);
      expect(time).toBe(120_000);
    });

    test('of somebody else who was deleted is told with its Sid, and not touched', async () => {
      aws.rewritesAnswers = false;
      const repository = await newRepository();
      const theirs = `{"Version":"2012-10-17","Statement":[{"Sid":"Partners","Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEID12345"},"Action":"ecr:BatchGetImage"}]}`;
      await setPolicy(repository, theirs);
      const result = await apply(openEcr(), repository, [pullGrant({ grantees: [account('000000000042')] })]);
      expect(result.outcomes).toMatchObject([
        {
          state: 'blocked',
          problem: {
            message: expect.stringContaining('AROAEXAMPLEID12345 (Sid Partners)'),
            hint: expect.stringContaining('take these IDs out'),
          },
        },
      ]);
      expect(await policyOf(repository)).toBe(theirs);
    });

    test('of somebody else who was deleted goes where somebody says so, and nothing else of theirs', async () => {
      aws.rewritesAnswers = false;
      const repository = await newRepository();
      const allow = (sid: string, principal: string) =>
        `{"Sid":"${sid}", "Effect":"Allow","Principal":${principal},"Action":"ecr:BatchGetImage"}`;
      const kept = allow('Kept', '{"AWS":"111122223333"}');
      const mixed = allow('Mixed', '{"AWS":["AIDAEXAMPLEID12345","111122223333"]}');
      const dead = allow('Dead', '{"AWS":"AROAEXAMPLEID12345"}');
      await setPolicy(repository, `{"Version":"2012-10-17","Statement":[${kept},${dead},${mixed}]}`);
      const backend = openEcr();
      const observed = await observe(backend, repository);
      const grants = [pullGrant({ grantees: [account('000000000042')] })];
      const result = await backend.write(observed, creations(repository, grants), { prunesDead: true });
      expect(result).toMatchObject({
        outcomes: [{ state: 'written' }],
        alarms: [
          `${HOST}/${repository}: who was deleted was taken out: AROAEXAMPLEID12345 (Sid Dead), AIDAEXAMPLEID12345 (Sid Mixed)`,
        ],
      });
      expect(await sidsOf(repository)).toEqual(['Kept', 'Mixed', wantedAt(repository, grants[0]).at(0)?.key]);
      const text = (await policyOf(repository)) ?? '';
      expect(text).toContain(kept);
      expect(text).toContain('"Principal":{"AWS":["111122223333"]}');
      expect(text).not.toContain('EXAMPLEID12345');
      // where nothing of ours is to be written, nothing of theirs is looked at
      const written = aws.writes();
      await backend.write(await observe(backend, repository), [], { prunesDead: true });
      expect(aws.writes()).toBe(written);
    });

    test('of somebody else who was deleted goes, and what is written meanwhile stays', async () => {
      aws.rewritesAnswers = false;
      const repository = await newRepository();
      const allow = (sid: string, principal: string) =>
        `{"Sid":"${sid}","Effect":"Allow","Principal":{"AWS":"${principal}"},"Action":"ecr:BatchGetImage"}`;
      const policy = (...statements: string[]) => `{"Version":"2012-10-17","Statement":[${statements.join(',')}]}`;
      const dead = allow('Dead', 'AROAEXAMPLEID12345');
      await setPolicy(repository, policy(dead));
      const theirWrite = () => setPolicy(repository, policy(dead, allow('New', '111122223333')));
      // ours is refused first, and the policy as it stands then
      aws.before.set('SetRepositoryPolicy', async () => aws.before.set('SetRepositoryPolicy', theirWrite));
      const backend = openEcr();
      const grants = [pullGrant({ grantees: [account('000000000042')] })];
      const observed = await observe(backend, repository);
      const { alarms } = await backend.write(observed, creations(repository, grants), { prunesDead: true });
      expect(await sidsOf(repository)).toEqual(['New', wantedAt(repository, grants[0]).at(0)?.key]);
      expect(alarms).toEqual([expect.stringContaining('taken out: AROAEXAMPLEID12345 (Sid Dead)')]);
    });
  });

  test('a grant that does not fit is told with the limit, and the others are in', async () => {
    const repository = await newRepository();
    const many = Array.from({ length: 200 }, (_, index): Grantee => ({
      kind: 'AwsPrincipal',
      arn: `arn:aws:iam::000000000042:role/a-role-with-a-name-${index}`,
    }));
    const grants = [
      pullGrant({ id: 'small', grantees: [account('000000000042')] }),
      pullGrant({ id: 'large', grantees: many }),
    ];
    const result = await apply(openEcr(), repository, grants);
    expect(result.outcomes).toMatchObject([
      { state: 'written' },
      { state: 'blocked', problem: { message: expect.stringContaining('AWS takes 10240') } },
    ]);
  });

  describe('patterns', () => {
    test('mean the repositories that are there, page by page', async () => {
      const prefix = `p${randomUUID()}`;
      const names = [`${prefix}/a`, `${prefix}/b/c`, `${prefix}b/d`];
      for (const name of names) await newRepository(name);
      aws.pageSize = 2;
      const survey = await openEcr().survey([part(`${prefix}/**`)]);
      expect(aws.operations.filter((operation) => operation === 'DescribeRepositories').length).toBeGreaterThan(1);
      expect(survey.repositories).toEqual(expect.arrayContaining(names));
      const { entries } = ecrWanted({
        grant: pullGrant(),
        parts: [part(`${prefix}/**`)],
        grantees: [account('000000000042')],
        site,
        survey,
        instance: 'test',
      });
      expect(entries.map(({ target: { place } }) => place)).toEqual(names.slice(0, 2));
      expect(await openEcr().survey([part('exact')])).not.toHaveProperty('repositories');
    });

    test('of any depth stand in the policy of the registry where that counts, and in no repository', async () => {
      aws.registryPolicyScope = 'V2';
      const backend = openEcr();
      const parts = [part('team-a/**')];
      const survey = await backend.survey(parts);
      const { entries } = ecrWanted({
        grant: pullGrant(),
        parts,
        grantees: [account('000000000042')],
        site,
        survey,
        instance: 'test',
      });
      expect(entries).toMatchObject([
        { target: { place: '' }, content: { Resource: ['arn:aws:ecr:eu-west-1:012345678901:repository/team-a/*'] } },
      ]);
      const observed = await backend.observe(target(''));
      const [entry] = entries;
      if (entry === undefined) throw new Error('no entry');
      await backend.write(observed, [{ op: 'create', wanted: entry }]);
      expect((await backend.observe(target(''))).entries).toMatchObject([
        { key: entry.key, owner: 'ours', content: entry.content },
      ]);
      expect(
        await backend.verify({ target: target(''), key: entry.key, content: entry.content }, 'allowed'),
      ).toMatchObject({ answer: 'allowed' });
      const found = await Array.fromAsync(backend.audit());
      expect(found).toContainEqual(
        expect.objectContaining({
          target: target(''),
          class: 'ours',
          what: 'team-a/**',
          who: ['account 000000000042'],
        }),
      );
      await backend.write(await backend.observe(target('')), [{ op: 'delete', key: entry.key, before: entry.content }]);
      expect(aws.operations).toContain('DeleteRegistryPolicy');
      expect((await backend.observe(target(''))).entries).toEqual([]);
    });
  });

  test('an audit names all that lets somebody pull, and what is striking about it', async () => {
    const [open1, shared] = [await newRepository(), await newRepository()];
    const actions = JSON.stringify(PULL);
    await setPolicy(open1, `{"Statement":[{"Sid":"Everybody","Effect":"Allow","Principal":"*","Action":${actions}}]}`);
    await setPolicy(
      shared,
      `{"Statement":[{"Sid":"Partners","Effect":"Allow","Principal":{"AWS":"000000000042"},"Action":${actions}},{"Sid":"LambdaECRImageRetrievalPolicy","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]},{"Sid":"No","Effect":"Deny","Principal":"*","Action":"ecr:PutImage"}]}`,
    );
    const found = (await Array.fromAsync(openEcr().audit())).filter(
      ({ target: { place } }) => place === open1 || place === shared,
    );
    expect(found.map(({ object, who, class: kind }) => ({ object, who, kind }))).toEqual(
      expect.arrayContaining([
        { object: 'Sid Everybody', who: ['everybody'], kind: 'over-broad' },
        { object: 'Sid Partners', who: ['account 000000000042'], kind: 'adoptable' },
        { object: 'Sid LambdaECRImageRetrievalPolicy', who: ['service lambda.amazonaws.com'], kind: 'platform' },
      ]),
    );
    expect(found).toHaveLength(3);
    expect(found.find(({ object }) => object === 'Sid Partners')).toMatchObject({
      flags: ['a Deny stands beside it: Sid No'],
      asGrant: { grantees: [account('000000000042')], what: [part(shared)] },
    });
  });

  test('who may not write is told which action is missing', async () => {
    const repository = await newRepository();
    const backend = openEcr();
    const observed = await observe(backend, repository);
    vi.stubEnv('AWS_ENDPOINT_URL_ECR', 'http://127.0.0.1:1');
    const other = openEcr();
    expect(await rejectionOf(other.observe(target(repository)))).toMatchObject({
      code: 'connection-failed',
      retryable: true,
      message: expect.stringContaining('ecr:GetRepositoryPolicy'),
    });
    await other.close?.();
    expect(observed.entries).toEqual([]);
  });
});

const newRepository = (name?: string) => behind.newRepository(name);
const setPolicy = (repository: string, policyText: string) => behind.setPolicy(repository, policyText);
const policyOf = (repository: string) => behind.policyOf(repository);
const sidsOf = (repository: string) => behind.sidsOf(repository);
