// What one Secret needs: which entries it gets, keeps and loses, and whether that is a change at all. What cannot be done is a conflict.
import { Secret } from '../telemetry/secret.ts';
import { chooseEntry } from './choose-entry.ts';
import type { Claim, Conflict } from './claim.ts';
import type { CredentialChange, Place } from './credential-change.ts';
import type { DesiredCredentials } from './desired.ts';
import { differenceOf } from './difference.ts';
import { settleTaken, type Settled } from './host-taken.ts';
import { mustRead, staleRegistries, targetInputs } from './needed-credentials.ts';
import { readContent } from './read-content.ts';
import { type EntryText, formatEntries, NO_ENTRIES, type SecretEntries } from './secret-entries.ts';
import { type CredentialMark, type SecretMarks, summaryOf, writeMarks } from './secret-marks.ts';

export type SecretPlan = { changes: CredentialChange[]; isRefused: boolean };

type Held = Exclude<Claim, { kind: 'refused' }>;
type Old = { entries: SecretEntries; marks: readonly CredentialMark[] };

// https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size
const LARGEST_SECRET_BYTES = 1024 * 1024;
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/ (ObjectMeta): 256 KiB for all; other annotations may be there
const LARGEST_MARKS_BYTES = 200 * 1024;

export function planSecret(claim: Claim, desired: DesiredCredentials, place: Place, now: Date): SecretPlan {
  if (claim.kind === 'refused') return refused(claim, place, claim.conflict);
  const stale = staleRegistries(claim, desired, now);
  const held = heldBy(claim, stale, desired);
  if ('reason' in held) return refused(claim, place, held);
  const old = { entries: held, marks: claim.kind === 'ours' ? claim.marks.credentials : [] };

  const binding = `${place.cluster}/${place.rule}`;
  const choices = claim.target.registries.toSorted().map((name) => ({
    registry: name,
    ...chooseEntry({
      name,
      registry: desired.registries.get(name),
      mark: old.marks.find(({ registry }) => registry === name),
      present: old.entries.entries,
      isStale: stale.includes(name),
      isForced: desired.isForced === true,
      binding,
      now,
    }),
  }));
  const degraded = choices.flatMap(({ registry, trouble }): CredentialChange[] =>
    trouble === undefined ? [] : [{ ...place, kind: 'degraded', registry, ...trouble }],
  );
  const isUnread = claim.kind !== 'absent' && claim.secret.content === undefined;
  if (isUnread) return { changes: degraded, isRefused: false };
  const settled = settleTaken(claim, held, old.marks, choices);
  const conflicts = settled.conflicts.map((conflict) => conflictAt(claim, place, conflict));
  const told = [...degraded, ...conflicts];
  const write = planWrite(claim, old, settled, desired.instance);
  if (write === undefined) return { changes: told, isRefused: conflicts.length > 0 };
  if ('reason' in write) return refused(claim, place, write, told);
  return { changes: [...told, { ...place, ...write }], isRefused: false };
}

/** What is there; as far as the marks tell where nothing will be written, so that nobody has to read it. */
function heldBy(claim: Held, stale: readonly string[], desired: DesiredCredentials): SecretEntries | Conflict {
  if (claim.kind === 'absent') return NO_ENTRIES;
  const { name, content } = claim.secret;
  if (content !== undefined) return readContent(name, content);
  const coming = stale.filter((registry) => desired.registries.get(registry)?.outcome?.kind === 'issued');
  if (claim.kind === 'ours' && !mustRead(claim, coming, desired)) {
    return { entries: new Map(claim.marks.hosts.map((host) => [host, { value: '' }])), others: [] };
  }
  return {
    reason: 'unread',
    message: `Secret ${name} has to be changed, and what it holds could not be read`,
    hint: 'allow the verb "get" on Secrets of this name',
  };
}

type Write =
  | Pick<Extract<CredentialChange, { kind: 'create-secret' }>, 'kind' | 'secret' | 'content' | 'marks'>
  | Pick<
      Extract<CredentialChange, { kind: 'update-secret' }>,
      'kind' | 'secret' | 'uid' | 'resourceVersion' | 'content' | 'marks' | 'difference'
    >;

function planWrite(claim: Held, old: Old, { choices, hosts }: Settled, instance: string): Write | Conflict | undefined {
  const { target } = claim;
  const credentials = choices.flatMap(({ mark }) => (mark === undefined ? [] : [mark]));
  // A Secret without any credential of ours is never written: what is there cannot be worse.
  if (credentials.length === 0) return undefined;
  const ours = new Set([...old.marks.flatMap((mark) => mark.hosts), ...hosts]);
  const entries = new Map([...old.entries.entries].filter(([key]) => !ours.has(key)));
  for (const { mark, values } of choices) {
    for (const host of mark?.hosts ?? []) {
      const entry: EntryText | undefined = values === undefined ? old.entries.entries.get(host) : entryOf(values, host);
      if (entry !== undefined) entries.set(host, entry);
    }
  }
  const marks: SecretMarks = {
    instance,
    rule: target.rule.name,
    ...summaryOf(credentials),
    inputsHash: targetInputs(target, credentials),
    credentials,
    prune: target.rule.prune,
  };
  const text = formatEntries({ entries, others: old.entries.others });
  if (Buffer.byteLength(text) > LARGEST_SECRET_BYTES || sizeOf(marks) > LARGEST_MARKS_BYTES) return tooLarge(target);
  const content = new Secret(text);
  if (claim.kind === 'absent') return { kind: 'create-secret', secret: target.secret, content, marks };

  const { name, uid, resourceVersion } = claim.secret;
  const isSame = claim.secret.content?.dockerConfig?.reveal() === text;
  if (isSame && claim.kind === 'ours' && areSame(claim.marks, marks)) return undefined;
  const difference = differenceOf(old.entries.entries, entries);
  return { kind: 'update-secret', secret: name, uid, resourceVersion, content, marks, difference };
}

function entryOf(values: ReadonlyMap<string, string>, host: string): EntryText | undefined {
  const value = values.get(host);
  return value === undefined ? undefined : { value };
}

function areSame(left: SecretMarks, right: SecretMarks): boolean {
  return JSON.stringify(writeMarks(left)) === JSON.stringify(writeMarks(right));
}

function sizeOf(marks: SecretMarks): number {
  return Buffer.byteLength(JSON.stringify(writeMarks(marks)));
}

function refused(claim: Claim, place: Place, conflict: Conflict, before: readonly CredentialChange[] = []): SecretPlan {
  return { changes: [...before, conflictAt(claim, place, conflict)], isRefused: true };
}

function conflictAt({ target }: Claim, place: Place, conflict: Conflict): CredentialChange {
  return { ...place, kind: 'conflict', object: target.secret, ...conflict };
}

function tooLarge({ secret, rule }: Claim['target']): Conflict {
  return {
    reason: 'too-large',
    message: `Secret ${secret} would be larger than the 1 MiB that Kubernetes allows`,
    hint:
      rule.secret.layout === 'merged'
        ? `split it by host: secret.layout: per-registry in rule "${rule.name}"`
        : 'it holds hosts of others that have to go into Secrets of their own',
  };
}
