// Has an entry proven by whoever decides: that its grantees may pull, or no longer may. Only then it counts as applied, or as gone.
import type { Verification } from '../backend.ts';
import type { Json } from '../canonical.ts';
import type { GrantChange } from '../grant-change.ts';
import type { EntryRecord, GrantState } from '../grants-state.ts';
import type { JournalEvent } from '../journal.ts';
import { entryKey } from '../plan-hash.ts';
import type { Target } from '../site.ts';
import { nameOf, troubleOf } from './look-at-site.ts';
import { namesOf, note, recordOf, type SiteRun } from './site-run.ts';
import { whoElseAllows } from './who-else-allows.ts';
import { within } from './within.ts';

export type Proof = {
  target: Target;
  key: string;
  label: string;
  grants: readonly string[];
  op: GrantChange['op'];
  /** As it stands there, or stood. */
  content: Json;
} & ({ expected: 'allowed' } | { expected: 'denied'; gone: 'Expired' | 'Revoked' });

/** Journalled where the answer is another one than before. @throws TransshipError store-unavailable */
export async function prove(site: SiteRun, proof: Proof): Promise<void> {
  const { context, planHash } = site;
  const verification = await verified(site, proof);
  if (verification === undefined) return;
  const { run } = context;
  run.verifiedAt?.set(entryKey(proof.target, proof.key), run.clock.now());
  const record = recordOf(site, proof);
  const { state, blockedBy } = await meaningOf(site, proof, verification);
  const isKnown =
    record !== undefined && isSameProof(record, proof, verification, blockedBy === undefined ? state : 'Blocked');
  const isUnprovable = verification.answer === 'unverifiable';
  const why = verification.note === undefined ? '' : `: ${verification.note}`;
  note(site.notes, proof, {
    // what somebody else has there stays until they remove it
    isPassing: state === 'Applying' && !isUnprovable && blockedBy === undefined,
    ...(isUnprovable && proof.op !== 'noop' ? { problem: { message: `it cannot be proven${why}` } } : {}),
  });
  if (isKnown) return;
  const events: JournalEvent[] = [{ ...namesOf(proof), event: 'verified', verification, state }];
  if (blockedBy !== undefined) {
    const message = `it is removed, and ${blockedBy} lets them pull all the same`;
    const hint = 'remove that as well, or leave it: `transship grants audit` names all who may pull';
    events.push({ ...namesOf(proof), event: 'settled', state: 'Blocked', message, hint });
  }
  await context.append(events, planHash);
}

/** Undefined: nobody answered, and nothing is known that was not known before. */
async function verified(site: SiteRun, proof: Proof): Promise<Verification | undefined> {
  const { context, look } = site;
  const { backend } = look;
  if (backend === undefined) return undefined;
  const { target, key, content, expected } = proof;
  try {
    const limit = { ms: context.limits.verifyMs, clock: context.run.clock, who: nameOf(target) };
    return await within(limit, (signal) => backend.verify({ target, key, content }, expected, { signal }));
  } catch (error) {
    const { message, hint } = troubleOf(error);
    const problem = { message: `not proven: ${message}`, ...(hint === undefined ? {} : { hint }) };
    note(site.notes, proof, { problem, isPassing: true });
    return undefined;
  }
}

async function meaningOf(
  site: SiteRun,
  proof: Proof,
  verification: Verification,
): Promise<{ state: GrantState; blockedBy?: string }> {
  const { answer } = verification;
  if (proof.expected === 'allowed') return { state: answer === 'allowed' ? 'Applied' : 'Applying' };
  if (answer === 'denied') return { state: proof.gone };
  if (answer === 'unverifiable') return { state: 'Applying' };
  const blockedBy = await whoElseAllows(site, proof, verification.note);
  // another grant of ours still lets them pull, as it should
  return blockedBy === undefined ? { state: proof.gone } : { state: 'Applying', blockedBy };
}

function isSameProof(record: EntryRecord, proof: Proof, verification: Verification, state: GrantState): boolean {
  return (
    record.state === state &&
    record.verification?.answer === verification.answer &&
    record.grants.join(' ') === proof.grants.toSorted().join(' ')
  );
}
