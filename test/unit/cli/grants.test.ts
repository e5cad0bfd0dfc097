// What commands about grants print: plans with what needs a second look, ends of runs with what proves them, and honest notes.
import { expect, it } from 'vitest';
import { notesAfter } from '../../../infra/cli/commands/grants-revoke.ts';
import { showPlan } from '../../../infra/cli/commands/grants-plan.ts';
import { show } from '../../../infra/cli/commands/grants-apply.ts';
import type { Context } from '../../../infra/cli/context.ts';
import { main } from '../../../infra/cli/main.ts';
import type { EntryShape, PlanShape, ReportShape } from '../../../infra/cli/server/grant-shapes.ts';
import { captureIo } from '../../support/captured-io.ts';
import { configOf } from '../../support/config-of.ts';

const HASH = 'a'.repeat(64);

function contextOf(globals: Partial<Context['globals']> = {}) {
  const io = captureIo();
  const context: Context = {
    io,
    globals: { color: false, logLevel: 'warn', ...globals },
    signal: new AbortController().signal,
  };
  return { io, context };
}

const place = { backend: 'ecr', host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', place: 'team/app' };

const PLAN: PlanShape = {
  hash: HASH,
  writes: 2,
  unchanged: 4,
  changes: [
    { op: 'delete', ...place, label: 'Sid Old', grants: ['old'], who: [], risk: 'narrow', why: 'withdrawn' },
    {
      op: 'create',
      ...place,
      label: 'Sid New',
      grants: ['all'],
      who: ['a', 'b', 'c', 'd', 'e'],
      risk: 'widen',
      why: 'declared',
      overbroad: 'everybody',
    },
    {
      op: 'conflict',
      ...place,
      place: '',
      label: 'Sid Theirs',
      grants: ['x'],
      who: [],
      message: 'somebody else has it',
      hint: 'ask them',
    },
  ],
  policies: [{ grant: 'all', principal: 'account 111122223333', policy: { Version: '2012-10-17' } }],
};

it('prints a plan as a table, with what principals need themselves, hints, and the hash at its end', () => {
  const { io, context } = contextOf();
  showPlan(context, PLAN);
  expect(io.stdout.text()).toBe(
    [
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app  - Sid Old     old                      narrow           no longer declared',
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app  + Sid New     all: a, b, c and 2 more  widen OVERBROAD  not there yet: reaches everybody',
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com           ! Sid Theirs  x                                         somebody else has it',
      'hint: ask them',
      'account 111122223333 needs on its own side, for all:',
      '{',
      '  "Version": "2012-10-17"',
      '}',
      '2 changes, 4 unchanged, 1 conflict',
      `plan ${HASH}`,
      '',
    ].join('\n'),
  );
});

it('prints a plan as lines of JSON, the report last', () => {
  const { io, context } = contextOf({ json: true });
  showPlan(context, PLAN);
  const lines = io.stdout
    .text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ type }) => type)).toEqual(['change', 'change', 'change', 'report']);
  expect(lines.at(-1)).toMatchObject({ hash: HASH, changes: 3, writes: 2 });
});

const entry = (more: Partial<EntryShape>): EntryShape => ({
  ...place,
  label: 'Sid New',
  grants: ['one'],
  op: 'create',
  state: 'Applied',
  isWritten: true,
  ...more,
});

const report = (state: ReportShape['state'], ...first: EntryShape[]): ReportShape => ({
  state,
  planHash: HASH,
  written: { create: first.length, update: 0, adopt: 0, delete: 0 },
  unchanged: 1,
  states: {},
  entries: { count: first.length, first },
  alarms: [],
});

it.each<[ReportShape['state'], number]>([
  ['done', 0],
  ['partly', 3],
  ['failed', 1],
  ['refused', 4],
])('ends with a code of its own where a run is %s', (state, exitCode) => {
  const { context } = contextOf();
  expect(show(context, report(state))).toBe(exitCode);
});

it('says what proves an entry, and what is wrong with another one', () => {
  const { io, context } = contextOf();
  const proven = { method: 'policy-evaluation', answer: 'allowed', at: '2026-11-21T12:00:00Z' };
  const problem = { message: 'Principal not found', hint: 'check the ARN' };
  show(
    context,
    report('partly', entry({ verification: proven }), entry({ state: 'Blocked', isWritten: false, problem })),
  );
  expect(io.stdout.text()).toMatch(/Sid New +one +Applied +allowed by policy-evaluation\n/);
  expect(io.stdout.text()).toContain(`2 created, 1 as they should be\nplan ${HASH}\n`);
  expect(io.stderr.text()).toMatch(/^transship: .*team\/app: Sid New: Principal not found\nhint: check the ARN\n$/);
});

it('says after a revoke what it does not reach, and for how long', () => {
  const own = configOf(`
clusters: [{ name: prod, kubeconfig: {}, registries: { "registry.acme.io": openshift } }]
tokenEndpoint: { issuer: transship, service: registry.acme.io }`);
  const [images, tokens] = notesAfter([entry({ backend: 'kubernetes' })], own);
  expect(images).toContain('stay on them');
  expect(tokens).toBe('tokens that were issued before live on for up to 5m00s');
  expect(notesAfter([entry({ backend: 'acr' })], undefined)[1]).toContain('1h15m');
  expect(notesAfter([entry({})], undefined)[1]).toContain('until it ends');
});

it.each([
  [['grants', 'apply', '--plan', 'latest'], '--plan is not the hash of a plan'],
  [['grants', 'apply'], 'nobody can be asked here'],
  [['grants', 'apply', '--json'], 'nobody can be asked here'],
  [['grants', 'revoke', 'one'], 'nobody can be asked here'],
  [['grants', 'resume', 'one'], 'nobody can be asked here'],
  [['grants', 'list', '--state', 'Applied,blocked'], 'it is one of Pending, Applying, Applied'],
  [['grants', 'audit', '--fail-on', 'nonsense'], 'it is one of over-broad, foreign, adoptable'],
  [['grants', 'journal', '--after', 'x'], "option '--after <seq>' argument 'x' is invalid"],
])('refuses %j before anything is asked', async (words, message) => {
  const io = captureIo();
  expect(await main(words, io)).toBe(2);
  expect(io.stderr.text()).toContain(message);
});
