// Changes the accesses of grants in a repository's policy, in one write that fails where the policy changed since it was read.
//
//   what was seen ──▶ edit ──▶ set ── 200 ──▶ done
//        ▲                      │ 409: somebody else was first          ──▶ read, edit and set anew, after a while
//        └──── read again ◀─────┤ 400: a member is deleted and lives    ──▶ once, without what is deleted of those added
//                               └ 400 else: who is it? ──▶ each half of the changes by itself, down to one
//
// https://cloud.google.com/iam/docs/policies#etag
import { isTransshipError, type TransshipError } from '../../errors.ts';
import type { EntryChange, EntryOutcome, WriteResult } from '../backend.ts';
import { canonicalText } from '../canonical.ts';
import { DELETED_MEMBER, isRefusal } from './api-error.ts';
import type { ArtifactRegistryApi } from './client.ts';
import type { ArtifactRepository } from './places.ts';
import { accessOf, editOf } from './policy-edit.ts';
import {
  accessesOf,
  canonicalMember,
  contentOf,
  deletedMember,
  editBindings,
  type Access,
  type Policy,
} from './policy.ts';

export type PolicyWrite = {
  api: ArtifactRegistryApi;
  repository: ArtifactRepository;
  /** Waits before a try; rejects when called off. */
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  random: () => number;
  signal?: AbortSignal | undefined;
};

const MOST_TRIES = 8;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** @throws TransshipError object-conflict where an entry is not as a change has it before, or others write without end */
export async function writePolicy(
  write: PolicyWrite,
  seen: Policy,
  changes: readonly EntryChange[],
): Promise<WriteResult> {
  let latest: Policy | undefined = seen;
  const alarms: string[] = [];
  return { outcomes: await apply(changes), alarms };

  async function apply(part: readonly EntryChange[]): Promise<EntryOutcome[]> {
    try {
      return await writeAll(part);
    } catch (error) {
      // its etag may be spent
      latest = undefined;
      if (!isRefusal(error) || part.every(({ op }) => op === 'delete')) throw error;
      const [only, ...others] = part;
      if (only !== undefined && others.length === 0) return [blocked(only, error)];
      const half = Math.ceil(part.length / 2);
      return [...(await apply(part.slice(0, half))), ...(await apply(part.slice(half)))];
    }
  }

  async function writeAll(part: readonly EntryChange[]): Promise<EntryOutcome[]> {
    const { api, repository, signal, pause, random } = write;
    let isNormalised = false;
    for (let tried = 1; ; tried += 1) {
      const policy: Policy = latest ?? (await api.getPolicy(repository, { signal }));
      latest = policy;
      const edit = editOf(policy, part);
      if (edit.removed.length + edit.added.length === 0) return edit.outcomes;
      const dropped = isNormalised ? deadTwins(policy, edit.added) : [];
      const bindings = editBindings(policy.bindings, { removed: [...edit.removed, ...dropped], added: edit.added });
      try {
        const after = await api.setPolicy(repository, { ...policy, bindings }, { signal });
        latest = after;
        alarms.push(...dropped.map(({ role, member }) => `${member} lost ${role}: it was deleted, and now lives anew`));
        alarms.push(...lostForeign(policy, after, [...edit.removed, ...dropped]));
        return edit.outcomes;
      } catch (error) {
        latest = undefined;
        const isDeleted = isTransshipError(error) && error.details['reason'] === DELETED_MEMBER && !isNormalised;
        if (isDeleted) isNormalised = true;
        else if (!isTransshipError(error, 'object-conflict') || tried >= MOST_TRIES) throw error;
        const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** tried, LONGEST_PAUSE_MS);
        await pause(longestMs * (0.5 + random() / 2), signal);
      }
    }
  }
}

/** Members of any binding that are deleted ones of those to be added: their access died with them. */
function deadTwins(policy: Policy, added: readonly Access[]): Access[] {
  const alive = new Set(added.map(({ member }) => canonicalMember(member)));
  return accessesOf(policy).filter(({ member }) => alive.has(canonicalMember(deletedMember(member) ?? '')));
}

/** Accesses that vanished across our write. */
function lostForeign(before: Policy, after: Policy, removed: readonly Access[]): string[] {
  // whoever is deleted meanwhile is called otherwise, and still there
  const textOf = (access: Access): string =>
    canonicalText(contentOf({ ...access, member: deletedMember(access.member) ?? access.member }));
  const kept = new Set([...accessesOf(after), ...removed].map(textOf));
  return accessesOf(before)
    .filter((access) => !kept.has(textOf(access)))
    .map(
      ({ role, member }) =>
        `${role} of ${member} is gone since the policy was written: put it back if nobody removed it`,
    );
}

function blocked(change: EntryChange, error: TransshipError): EntryOutcome {
  const { member } = change.op === 'delete' ? { member: change.key } : accessOf(change.wanted.content);
  return {
    key: change.op === 'delete' ? change.key : change.wanted.key,
    state: 'blocked',
    problem: {
      message: `Google refuses ${member} in the policy (${error.details.status ?? 'no status'})`,
      hint: 'check that this principal exists and how it is written; IAM knows a new one after a minute or two',
    },
  };
}
