// Finds whom of ours AWS refuses: one principal that it does not know, and it takes none of the policy. Halves of ours are tried until
// all others are in; what stands there already is not taken out for it.
// https://github.com/hashicorp/terraform-provider-aws/issues/39064
import type { EntryChange } from '../backend.ts';
import type { Json } from '../canonical.ts';
import { isJsonObject, textsOf } from './canonical-statement.ts';
import { commitPolicy, readPolicy, type PolicyRun } from './commit-policy.ts';
import { deadOfOthers } from './dead-principals.ts';
import { keyOf, type MergedPolicy } from './merge-policy.ts';
import { policyEntries, renderPolicy, type PolicyDocument } from './policy-document.ts';

export type Patience = {
  /** How long a principal that was never refused before is waited for: a new one is not known everywhere at once. */
  newPrincipalMs: number;
  now: () => number;
  /** When each was refused for the first time. */
  firstRefused: Map<string, number>;
};

type Problem = { message: string; hint: string };
type Named = { key: string; principal: string };

const STEP_MS = 5_000;

/** Why entries are not, or not in full, as they are to be; by key. @throws as `commitPolicy` */
export async function writePolicy(
  changes: readonly EntryChange[],
  run: PolicyRun,
  patience: Patience,
): Promise<ReadonlyMap<string, Problem>> {
  const committed = await commitPolicy(changes, run);
  if (committed.state === 'done') return committed.blocked;
  const standing = await readPolicy(run);
  // once they are taken out, what is refused is not refused because of them
  const foreign = run.takesOutDead ? undefined : await refusedForeign(standing, run);
  if (foreign !== undefined && run.prunesDead) {
    run.takesOutDead = true;
    return writePolicy(changes, run, patience);
  }
  if (foreign !== undefined) return new Map(changes.map((change) => [keyOf(change), foreign]));

  const named = changes.flatMap(namedBy);
  let blocked: MergedPolicy['blocked'] = new Map();
  const accepts = async (allowed: readonly Named[]): Promise<boolean> => {
    const tried = await commitPolicy(
      changes.flatMap((change) => restricted(change, allowed)),
      run,
    );
    if (tried.state === 'done') blocked = tried.blocked;
    return tried.state === 'done';
  };
  const start = named.filter((one) => stands(one, standing, run.instance));
  let good: readonly Named[] = (await accepts(start)) ? start : [];
  good = await grow(good, without(named, good), accepts);
  for (let left = newOnes(without(named, good), patience); left.length > 0; left = newOnes(left, patience)) {
    await run.pause(STEP_MS);
    good = await grow(good, left, accepts);
    left = without(left, good);
  }
  return new Map([...problemsOf(without(named, good), named, committed.message, run), ...blocked]);
}

/** A policy that AWS does not take again as it stands: what is wrong is in statements of others. */
async function refusedForeign(standing: PolicyDocument, run: PolicyRun): Promise<Problem | undefined> {
  const dead = deadOfOthers(standing, run.instance);
  if (dead.length === 0) return undefined;
  const answer = await run.store.write(renderPolicy(standing));
  if (answer.state === 'taken') return undefined;
  return {
    message: `AWS does not take the policy of ${run.store.what} as it stands (${answer.message}): a statement of somebody else names who was deleted: ${dead.join(', ')}`,
    hint: 'take these IDs out of the statement, or have it done by `transship grants apply --prune-dead`: no role or user will ever have them again',
  };
}

async function grow(
  good: readonly Named[],
  more: readonly Named[],
  accepts: (allowed: readonly Named[]) => Promise<boolean>,
): Promise<readonly Named[]> {
  if (more.length === 0) return good;
  const all = [...good, ...more];
  if (await accepts(all)) return all;
  if (more.length === 1) return good;
  const middle = Math.ceil(more.length / 2);
  return grow(await grow(good, more.slice(0, middle), accepts), more.slice(middle), accepts);
}

/** The change with those of its principals that are allowed; without any, what stood there goes. */
function restricted(change: EntryChange, allowed: readonly Named[]): EntryChange[] {
  if (change.op === 'delete' || !isJsonObject(change.wanted.content)) return [change];
  const { wanted } = change;
  const key = wanted.key;
  const who = allowed.filter((one) => one.key === key).map(({ principal }) => principal);
  if (who.length === 0) return change.op === 'update' ? [{ op: 'delete', key, before: change.before }] : [];
  const content = { ...change.wanted.content, Principal: { AWS: who.toSorted() } };
  return [{ ...change, wanted: { ...wanted, content } }];
}

function namedBy(change: EntryChange): Named[] {
  if (change.op === 'delete') return [];
  return principalsOf(change.wanted.content).map((principal) => ({ key: keyOf(change), principal }));
}

function stands({ key, principal }: Named, document: PolicyDocument, instance: string): boolean {
  const entry = policyEntries(document, instance).find((one) => one.key === key && one.isOurs);
  return entry !== undefined && principalsOf(entry.statement.content).includes(principal);
}

function principalsOf(content: Json): string[] {
  const principal = isJsonObject(content) ? content['Principal'] : undefined;
  return isJsonObject(principal) ? textsOf(principal['AWS']) : [];
}

function without(all: readonly Named[], some: readonly Named[]): Named[] {
  return all.filter((one) => !some.some(({ key, principal }) => key === one.key && principal === one.principal));
}

/** Those for whom waiting may help still. */
function newOnes(refused: readonly Named[], { newPrincipalMs, now, firstRefused }: Patience): Named[] {
  return refused.filter(({ principal }) => {
    const first = firstRefused.get(principal) ?? now();
    firstRefused.set(principal, first);
    return now() - first < newPrincipalMs;
  });
}

function problemsOf(
  refused: readonly Named[],
  named: readonly Named[],
  told: string,
  { store }: PolicyRun,
): Map<string, Problem> {
  const keys = [...new Set(refused.map(({ key }) => key))];
  return new Map(
    keys.map((key) => {
      const who = refused.filter((one) => one.key === key).map(({ principal }) => principal);
      const rest = named.filter((one) => one.key === key).length - who.length;
      return [
        key,
        {
          message:
            `AWS does not take ${who.join(', ')} in statement ${key} of ${store.what}: ${told}` +
            (rest === 0 ? '' : `; the ${rest} others of the grant are in`),
          hint: 'check that this role or user is there, and its spelling; it is tried again at the next reconciliation',
        },
      ];
    }),
  );
}
