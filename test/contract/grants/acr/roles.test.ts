// Roles at Azure registries against a server that follows the documented wire formats of its resource manager.
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionOf } from '../../../../shared/grants/acr/condition.ts';
import type { WantedEntry } from '../../../../shared/grants/entry.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import { ACR_ID, roleDefinitionId } from '../../../support/clouds/fake-azure-registry.ts';
import { rejectionOf } from '../../../support/clouds/rejection.ts';
import { principal, TARGET, useAcr } from '../../../support/grants/acr-bed.ts';

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001';
const BOB = 'bbbbbbbb-0000-4000-8000-000000000002';
const ACR_PULL = '7f951dda-4ed3-4680-a7ca-43fe172d538d';
const READER = 'b93aa761-3e63-49ed-ac28-beffa264f7ac';
const UNTIL = new Date('2027-01-31T00:00:00.000Z');
const KEPT_IN = { cluster: 'prod', namespace: 'team', name: 'pull' };
const ROBOT: Grantee = { kind: 'Robot', name: 'edge', secret: KEPT_IN };

const bed = useAcr();

describe('role assignments', () => {
  test('of a registry in ABAC mode read one repository, by the condition that Azure documents', async () => {
    const entry = bed.wantedFor(principal(ALICE));
    expect(await bed.apply([entry])).toEqual({ outcomes: [{ key: entry.key, state: 'written' }], alarms: [] });
    expect(bed.assignmentsOf(ALICE)).toEqual([
      {
        scope: ACR_ID,
        roleDefinitionId: roleDefinitionId(READER),
        principalId: ALICE,
        principalType: 'ServicePrincipal',
        description: 'pg:base@transship',
        conditionVersion: '2.0',
        condition:
          "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team-a/app'))",
      },
    ]);
  });

  test('of a registry in the older mode are AcrPull for all of it, without a condition', async () => {
    bed.fake.settings.mode = 'LegacyRegistryPermissions';
    await bed.apply([bed.wantedFor(principal(ALICE), { pattern: '**' })]);
    const [made] = bed.assignmentsOf(ALICE);
    expect(made).toMatchObject({ roleDefinitionId: roleDefinitionId(ACR_PULL) });
    expect(made).not.toHaveProperty('condition');
  });

  test('have the same ID whenever they are made, and go when nothing needs them', async () => {
    const entry = bed.wantedFor(principal(ALICE));
    await bed.apply([entry]);
    const [id] = bed.fake.assignments.keys();
    await bed.apply([], [entry]);
    expect(bed.fake.assignments.size).toBe(0);
    await bed.apply([entry]);
    expect([...bed.fake.assignments.keys()]).toEqual([id]);
  });

  test('of several grants for one principal are one, as Azure takes no second one', async () => {
    const app = bed.wantedFor(principal(ALICE));
    const base = bed.wantedFor(principal(ALICE), { id: 'more', pattern: 'base/**' });
    await bed.apply([app]);
    await bed.apply([app, base]);
    expect(bed.assignmentsOf(ALICE)).toEqual([
      expect.objectContaining({
        condition: conditionOf(['base/**', 'team-a/app']),
        description: 'pg:base,more@transship',
      }),
    ]);
    await bed.apply([base], [app]);
    expect(bed.assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['base/**'])]);
    expect((await bed.backend.observe(TARGET)).entries.map(({ key }) => key)).toEqual([base.key]);
  });

  test('for all repositories keep in mind what narrower grants want', async () => {
    const all = bed.wantedFor(principal(ALICE), { id: 'all', pattern: '**' });
    const app = bed.wantedFor(principal(ALICE));
    await bed.apply([all, app]);
    expect(bed.assignmentsOf(ALICE)).toHaveLength(1);
    expect(bed.assignmentsOf(ALICE)[0]).not.toHaveProperty('condition');
    expect(await bed.apply([all, app])).toBeUndefined();
    await bed.apply([app], [all]);
    expect(bed.assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['team-a/app'])]);
  });

  test('are made again after a second look where Azure had not shown them yet', async () => {
    await bed.apply([bed.wantedFor(principal(ALICE))]);
    const observed = await bed.backend.observe(TARGET);
    bed.fake.settings.staleLists = 2;
    const base = bed.wantedFor(principal(ALICE), { id: 'more', pattern: 'base/**' });
    const { outcomes } = await bed.backend.write(observed, [{ op: 'create', wanted: base }]);
    expect(outcomes).toEqual([{ key: base.key, state: 'written' }]);
    expect(bed.assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([
      conditionOf(['base/**', 'team-a/app']),
    ]);
    expect(bed.pauses).toEqual([1_000, 2_000]);
  });

  test('wait for a principal that was just made', async () => {
    bed.fake.settings.replicationDelays = 3;
    const result = await bed.apply([bed.wantedFor(principal(ALICE))]);
    expect(result?.outcomes.map(({ state }) => state)).toEqual(['written']);
    expect(bed.pauses).toEqual([1_000, 2_000, 4_000]);
  });

  test('of a principal that does not exist are told, and the others get what is theirs', async () => {
    bed.fake.settings.unknownPrincipals.add(ALICE);
    const result = await bed.apply([bed.wantedFor(principal(ALICE)), bed.wantedFor(principal(BOB))]);
    expect(result?.outcomes).toEqual([
      expect.objectContaining({
        state: 'blocked',
        problem: expect.objectContaining({ message: expect.stringContaining(ALICE) }),
      }),
      expect.objectContaining({ state: 'written' }),
    ]);
    expect(bed.assignmentsOf(BOB)).toHaveLength(1);
  });

  test('of somebody else are left alone where they say something else, and it is told', async () => {
    bed.seed(ALICE, { condition: conditionOf(['other']) ?? null });
    const before = structuredClone([...bed.fake.assignments.values()]);
    const result = await bed.apply([bed.wantedFor(principal(ALICE))]);
    expect(result?.outcomes).toEqual([
      expect.objectContaining({
        state: 'blocked',
        problem: expect.objectContaining({ message: expect.stringContaining('somebody else') }),
      }),
    ]);
    expect([...bed.fake.assignments.values()]).toEqual(before);
    expect(bed.fake.writes).toEqual([]);
  });

  test('of somebody else become ours where the grants say all that they say, in whatever form the portal wrote them', async () => {
    const portal = (conditionOf(['team-a/app']) ?? '').replaceAll(' OR ', '\n OR \n').replaceAll('(', '(\n ');
    bed.seed(ALICE, { condition: portal });
    const [id] = bed.fake.assignments.keys();
    const observed = await bed.backend.observe(TARGET);
    const entry = bed.wantedFor(principal(ALICE));
    expect(observed.entries).toMatchObject([{ key: entry.key, owner: 'foreign' }]);
    const before = observed.entries[0]?.content ?? null;
    const { outcomes } = await bed.backend.write(observed, [{ op: 'adopt', wanted: entry, before }]);
    expect(outcomes).toEqual([{ key: entry.key, state: 'written' }]);
    expect([...bed.fake.assignments.keys()]).toEqual([id]);
    expect(bed.assignmentsOf(ALICE)).toEqual([
      expect.objectContaining({ condition: portal, description: 'pg:base@transship' }),
    ]);
  });

  test('of somebody else are not taken over with more than was adopted', async () => {
    bed.seed(ALICE, { condition: conditionOf(['team-a/app', 'team-b/app']) ?? null });
    const observed = await bed.backend.observe(TARGET);
    const entry = bed.wantedFor(principal(ALICE));
    const before = observed.entries.find(({ key }) => key === entry.key)?.content ?? null;
    const { outcomes } = await bed.backend.write(observed, [{ op: 'adopt', wanted: entry, before }]);
    expect(outcomes).toMatchObject([{ state: 'blocked' }]);
    expect(bed.fake.writes).toEqual([]);
  });

  test('that somebody else was first to make are planned anew', async () => {
    const observed = await bed.backend.observe(TARGET);
    bed.fake.settings.beforePut = () => {
      bed.fake.settings.beforePut = undefined;
      bed.seed(ALICE, { condition: conditionOf(['team-a/app']) ?? null });
    };
    const error = await rejectionOf(
      bed.backend.write(observed, [{ op: 'create', wanted: bed.wantedFor(principal(ALICE)) }]),
    );
    expect(error).toMatchObject({ code: 'object-conflict' });
  });

  test('that somebody changed are put back, and nothing of theirs is believed', async () => {
    await bed.apply([bed.wantedFor(principal(ALICE))]);
    const [made] = bed.fake.assignments.values();
    if (made === undefined) throw new Error('nothing was written');
    made.properties.condition = "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringLike '*')";
    const observed = await bed.backend.observe(TARGET);
    expect(observed.entries).toMatchObject([{ owner: 'ours', grant: 'base' }]);
    const [changed] = observed.entries;
    const entry = bed.wantedFor(principal(ALICE));
    const { outcomes } = await bed.backend.write(observed, [
      { op: 'delete', key: changed?.key ?? '', before: changed?.content ?? null },
      { op: 'create', wanted: entry },
    ]);
    expect(outcomes.map(({ state }) => state)).toEqual(['written', 'written']);
    expect(bed.assignmentsOf(ALICE).map(({ condition }) => condition)).toEqual([conditionOf(['team-a/app'])]);
  });

  test('of another instance are nobody of ours', async () => {
    bed.seed(ALICE, { condition: conditionOf(['team-a/app']) ?? null, description: 'pg:base@elsewhere' });
    bed.seed(BOB, { condition: conditionOf(['team-a/app']) ?? null, description: 'pg:base' });
    const { entries } = await bed.backend.observe(TARGET);
    expect(entries.map(({ owner }) => owner)).toEqual(['foreign', 'unmarked']);
    expect(await bed.backend.marked()).toEqual([]);
    await bed.apply([bed.wantedFor(principal('cccccccc-0000-4000-8000-000000000003'))]);
    expect(await bed.backend.marked()).toEqual([TARGET]);
  });

  test('with a mark that names no instance stay as they are, whoever made them', async () => {
    const theirs = { condition: conditionOf(['x']) ?? null, description: 'pg:base' };
    bed.seed(ALICE, theirs);
    const result = await bed.apply([bed.wantedFor(principal(ALICE))]);
    expect(result?.outcomes).toMatchObject([{ state: 'blocked' }]);
    expect(bed.assignmentsOf(ALICE)).toMatchObject([theirs]);
  });

  test('that may not be given to one principal keep nobody else from theirs', async () => {
    bed.fake.settings.deniedPrincipals.add(ALICE);
    const result = await bed.apply([bed.wantedFor(principal(ALICE)), bed.wantedFor(principal(BOB))]);
    expect(result?.outcomes).toMatchObject([
      {
        state: 'blocked',
        problem: {
          message: expect.stringContaining(ALICE),
          hint: expect.stringContaining('Role Based Access Control Administrator'),
        },
      },
      { state: 'written' },
    ]);
  });

  test('are found among thousands above the registry, in one answer', async () => {
    bed.fake.settings.pageSize = 5000;
    const description = 'by hand, for a team with a long name '.repeat(20);
    for (let count = 0; count < 1500; count += 1)
      bed.seed(crypto.randomUUID(), { scope: '/subscriptions/1', description });
    const entry = bed.wantedFor(principal(ALICE));
    expect((await bed.apply([entry]))?.outcomes).toEqual([{ key: entry.key, state: 'written' }]);
  });

  test('are written in no run of a hundred with nothing to do', async () => {
    bed.seed(BOB, { condition: "(@Request[x:name] StringEquals 'y')" });
    const wanted = [
      bed.wantedFor(principal(ALICE)),
      bed.wantedFor(principal(ALICE), { id: 'more', pattern: 'base/**' }),
      bed.wantedFor(ROBOT, { expiresAt: UNTIL }),
    ];
    await bed.apply(wanted);
    const writes = bed.fake.writes.length;
    bed.fake.settings.pageSize = 100;
    for (let run = 0; run < 100; run += 1) expect(await bed.apply(wanted)).toBeUndefined();
    expect(bed.fake.writes).toHaveLength(writes);
  }, 60_000);

  test('of others survive random edits of grants', async () => {
    bed.fake.settings.pageSize = 100;
    const edit = fc.record({
      who: fc.constantFrom(ALICE, BOB),
      pattern: fc.constantFrom('team-a/app', 'team-a/**', 'base', '**'),
      isGone: fc.boolean(),
    });
    const foreign = fc.constantFrom<(string | null)[]>([conditionOf(['x']) ?? ''], [null], ["StringLike 'z'"]);
    await fc.assert(
      fc.asyncProperty(foreign, fc.array(edit, { minLength: 3, maxLength: 6 }), async ([condition], edits) => {
        bed.fake.assignments.clear();
        bed.seed(ALICE, { condition: condition ?? null, role: 'c2f4ef07-c644-48eb-af81-4b1b4947fb11' });
        bed.seed('dddddddd-0000-4000-8000-000000000004', { condition: condition ?? null });
        const others = structuredClone([...bed.fake.assignments.values()]);
        const wanted = new Map<string, WantedEntry>();
        for (const { who, pattern, isGone } of edits) {
          const entry = bed.wantedFor(principal(who), { pattern });
          if (isGone) wanted.delete(entry.key);
          else wanted.set(entry.key, entry);
          await bed.apply([...wanted.values()], isGone ? [entry] : []);
        }
        expect([...bed.fake.assignments.values()].slice(0, 2)).toEqual(others);
        const { entries } = await bed.backend.observe(TARGET);
        const ours = entries.filter(({ owner }) => owner === 'ours').map(({ key }) => key);
        expect(ours.toSorted()).toEqual([...wanted.keys()].toSorted());
      }),
      { numRuns: 10 },
    );
  }, 60_000);

  test('that may not be made are told with the role that is missing, and no token is repeated', async () => {
    bed.fake.settings.denied.add('roleAssignments');
    const error = await rejectionOf(bed.backend.observe(TARGET));
    expect(error).toMatchObject({
      code: 'denied',
      hint: expect.stringContaining('Role Based Access Control Administrator'),
    });
    for (const token of bed.azure.issued) expect(inspect(error, { depth: 9 })).not.toContain(token);
  });
});
