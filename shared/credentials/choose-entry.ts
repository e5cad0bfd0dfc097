// Whether a registry's new credential goes into a Secret or what is there stays: a good one never makes place for a worse one.
import { TransshipError } from '../errors.ts';
import type { DesiredRegistry, FreshCredential } from './desired.ts';
import { entryText } from './docker-config.ts';
import { registryInputs } from './needed-credentials.ts';
import { timesOf } from './refresh.ts';
import type { CredentialMark } from './secret-marks.ts';

export type Choice = {
  /** Absent: the Secret has nothing for this registry, before and after. */
  mark?: CredentialMark;
  /** Values by key; absent: what is there stays. */
  values?: ReadonlyMap<string, string>;
  /** Why it is not as it should be. */
  trouble?: { message: string; hint?: string };
};

export type ChoiceInput = {
  name: string;
  registry: DesiredRegistry | undefined;
  /** Of what the Secret holds; absent: nothing of ours. */
  mark: CredentialMark | undefined;
  /** The values that stand in it now, by key. */
  present: ReadonlyMap<string, { value: string }>;
  isStale: boolean;
  isForced: boolean;
  /** Cluster and rule: what belongs together is renewed together. */
  binding: string;
  now: Date;
};

/** A credential is kept until this long after its end: no clock is trusted more than that. */
const CLOCK_ERROR_MS = 3_600_000;
/** Two readings of the same end differ by the time between them. */
const SAME_END_MS = 60_000;

export function chooseEntry(input: ChoiceInput): Choice {
  const { registry, isStale } = input;
  const mark = input.mark?.hosts.every((host) => input.present.has(host)) === true ? input.mark : undefined;
  const kept = mark !== undefined && !isOver(mark, input.now) ? { mark } : {};
  if (!isStale) return kept;
  if (registry === undefined) return troubled(kept, input, { message: 'nothing is configured that could issue it' });
  const { outcome } = registry;
  if (outcome === undefined) return kept;
  if (outcome.kind === 'failed') return troubled(kept, input, outcome);
  const values = valuesOf(registry, outcome.credential);
  if ('message' in values) return troubled(kept, input, values);
  const fresh: CredentialMark = {
    registry: input.name,
    hosts: registry.hosts.toSorted(),
    inputsHash: registryInputs(registry),
    ...timesOf(outcome.credential, input.now, input.binding),
  };
  if (mark === undefined) return { mark: fresh, values };
  if (isSame(mark, fresh) && [...values].every(([key, value]) => input.present.get(key)?.value === value)) return kept;
  if (!input.isForced && endsSooner(fresh, mark, input.now)) {
    return troubled(kept, input, {
      message: 'what was issued ends sooner than what is in place',
      hint: 'look at the life that the provider gives now; a forced refresh takes it nevertheless',
    });
  }
  return { mark: fresh, values };
}

/** What comes in, or why it may not. */
function valuesOf(
  registry: DesiredRegistry,
  { username, secret, ageMs, lifeMs }: FreshCredential,
): Map<string, string> | { message: string; hint?: string } {
  if (lifeMs !== undefined && ageMs >= lifeMs) return { message: 'what was issued is over already' };
  const password = secret.reveal();
  if (password.trim() === '') return { message: 'what was issued is empty' };
  try {
    return new Map(registry.hosts.map((host) => [host, entryText({ host, username, password })]));
  } catch (error) {
    if (!(error instanceof TransshipError)) throw error;
    return { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

function troubled(kept: Choice, { registry, mark, name, now }: ChoiceInput, why: Choice['trouble'] & object): Choice {
  const rest =
    kept.mark === undefined
      ? mark === undefined
        ? 'nothing is in place for it'
        : 'what is in place is over'
      : `what is in place ${mark?.expiresAt === undefined ? 'stays' : endOf(mark.expiresAt, now)}`;
  const hint = why.hint ?? (registry === undefined ? `give ${name} a credential in registries` : undefined);
  return {
    ...kept,
    trouble: { message: `${name}: ${why.message}; ${rest}`, ...(hint === undefined ? {} : { hint }) },
  };
}

function endOf(expiresAt: Date, now: Date): string {
  const when = expiresAt.toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
  return expiresAt.getTime() <= now.getTime() ? `ended at ${when}` : `stays, and ends at ${when}`;
}

function isOver({ expiresAt }: CredentialMark, now: Date): boolean {
  return expiresAt !== undefined && expiresAt.getTime() + CLOCK_ERROR_MS <= now.getTime();
}

function isSame(mark: CredentialMark, fresh: CredentialMark): boolean {
  const isOfSameInputs = mark.inputsHash === fresh.inputsHash && mark.hosts.join() === fresh.hosts.join();
  if (mark.expiresAt === undefined || fresh.expiresAt === undefined) {
    return isOfSameInputs && mark.expiresAt === fresh.expiresAt;
  }
  return isOfSameInputs && Math.abs(mark.expiresAt.getTime() - fresh.expiresAt.getTime()) < SAME_END_MS;
}

/** Only of the same configuration: what somebody configured anew is what he wants. */
function endsSooner(fresh: CredentialMark, mark: CredentialMark, now: Date): boolean {
  if (mark.inputsHash !== fresh.inputsHash || mark.expiresAt === undefined || fresh.expiresAt === undefined)
    return false;
  if (mark.expiresAt.getTime() <= now.getTime()) return false;
  return fresh.expiresAt.getTime() < mark.expiresAt.getTime() - SAME_END_MS;
}
