// What people decide about grants, written into the journal: declared and withdrawn by the API, revoked, resumed, confirmed. Nothing is
// changed anywhere by it; the next run over the grants does that.
import { TransshipError } from '../errors.ts';
import { foldLines } from './fold-journal.ts';
import type { PullGrant } from './grant.ts';
import type { GrantsRun } from './grants-run.ts';
import type { GrantRecord } from './grants-state.ts';
import type { JournalEvent, JournalLine } from './journal.ts';
import { declarationSha } from './plan-hash.ts';
import { prepareGrants } from './reconcile.ts';
import { declarations } from './reconcile/declarations.ts';

/** The store, what the configuration declares, who asks, and the time. */
export type Decision = Pick<GrantsRun, 'store' | 'actor' | 'clock'> & { config: Pick<GrantsRun['config'], 'grants'> };

/**
 * A grant by the API, new or changed; the same again changes nothing.
 * @throws TransshipError conflict-refused where the configuration has the name; store-unavailable
 */
export async function declareGrant(decision: Decision, grant: PullGrant): Promise<void> {
  assertNotInFile(decision, grant.id);
  const sha = declarationSha(grant);
  const known = (await decision.store.state()).grants.get(grant.id);
  if (known?.declarationSha === sha && !known.isWithdrawn && known.declaration.origin === 'store') return;
  await append(decision, [{ event: 'declared', grant: grant.id, declaration: grant, declarationSha: sha }]);
}

/** @throws TransshipError not-found; conflict-refused for one of the configuration; store-unavailable */
export async function withdrawGrant(decision: Decision, id: string): Promise<void> {
  assertNotInFile(decision, id);
  const { record } = await found(decision, id);
  if (record.isWithdrawn) throw unknown(id);
  await append(decision, [{ event: 'withdrawn', grant: id }]);
}

/**
 * It outlives the declaration until that changes, or somebody resumes it.
 * @throws TransshipError not-found, store-unavailable
 */
export async function revokeGrant(decision: Decision, id: string, reason?: string): Promise<void> {
  const { record, declared } = await found(decision, id);
  const { declarationSha: sha, revoked } = record;
  if (revoked?.declarationSha === sha) return;
  const why = reason === undefined ? {} : { reason };
  const line = lineOf(decision, { event: 'revoked', grant: id, declarationSha: sha, ...why });
  await decision.store.append([...declared, line]);
}

/**
 * Ends a revoke by hand; of one that is not revoked it changes nothing.
 * @throws TransshipError not-found, store-unavailable
 */
export async function resumeGrant(decision: Decision, id: string): Promise<void> {
  const { record } = await found(decision, id);
  if (record.revoked !== undefined) await append(decision, [{ event: 'resumed', grant: id }]);
}

/**
 * Accepts the namespaces and ServiceAccounts that a grant with `pin: uid` means now.
 * @returns the uids, by `confirmedKey`; empty where nothing waited for it
 * @throws TransshipError not-found, store-unavailable
 */
export async function confirmGrant(run: GrantsRun, id: string): Promise<Readonly<Record<string, string>>> {
  const { declared } = await found(run, id);
  const { wanted } = await prepareGrants({ ...run, only: [id] });
  const waiting = wanted.shortfalls.filter(({ grant, state }) => grant === id && state === 'Suspended');
  const uids = Object.fromEntries(waiting.flatMap((one) => Object.entries(one.uids ?? {})));
  if (Object.keys(uids).length > 0) {
    await run.store.append([...declared, lineOf(run, { event: 'confirmed', grant: id, uids })]);
  }
  return uids;
}

/** With what the journal has to know before anything can be said of it: it may be new in the configuration. */
async function found(
  decision: Decision,
  id: string,
): Promise<{ record: GrantRecord; declared: readonly JournalLine[] }> {
  const { config, store, clock, actor } = decision;
  const state = await store.state();
  const own = config.grants.filter((grant) => grant.id === id);
  const declared = declarations(
    own,
    { ...state, grants: new Map([...state.grants].filter(([name]) => name === id)) },
    { at: clock.now(), actor },
  );
  const record = foldLines(state, declared).grants.get(id);
  if (record === undefined) throw unknown(id);
  return { record, declared };
}

function assertNotInFile({ config }: Decision, id: string): void {
  if (!config.grants.some((grant) => grant.id === id)) return;
  throw new TransshipError('conflict-refused', `grant ${id} is declared in the configuration`, {
    hint: 'change it there, or take another name',
  });
}

function unknown(id: string): TransshipError {
  return new TransshipError('not-found', `there is no grant ${id}`, { hint: '`transship grants list` names them all' });
}

async function append(decision: Decision, events: readonly JournalEvent[]): Promise<void> {
  await decision.store.append(events.map((event) => lineOf(decision, event)));
}

function lineOf({ clock, actor }: Decision, event: JournalEvent): JournalLine {
  return { at: clock.now(), actor, ...event };
}
