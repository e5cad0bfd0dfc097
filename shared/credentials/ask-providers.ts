// Asks for the credentials of a run: all providers at once, and none for longer than the run has time for.
import { TransshipError } from '../errors.ts';
import type { CredentialRule } from './credential-rule.ts';
import type { DesiredRegistry, IssueOutcome } from './desired.ts';
import type { Available, VerifiedCredentials } from './verified-credentials.ts';

export type AskOptions = {
  credentials: VerifiedCredentials;
  now: () => number;
  /** A provider that has not answered by then is one that failed, for this run; what it answers later is kept for the next. */
  patienceMs: number;
  /** Resolves after the time. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  signal?: AbortSignal;
};

const SLOW_RETRY_MS = 5000;

/** By the names of the registries. @throws TransshipError interrupted */
export async function askProviders(
  registries: readonly string[],
  rules: readonly CredentialRule[],
  { credentials, now, patienceMs, sleep, signal }: AskOptions,
): Promise<Map<string, Available>> {
  if (registries.length === 0) return new Map();
  const over = new AbortController();
  const patience = sleep(patienceMs, over.signal).then(
    () => true,
    () => false,
  );
  const ask = async (registry: string): Promise<[string, Available]> => {
    const verify = rules.some((rule) => rule.verify && rule.registries.includes(registry));
    const asking = credentials.of(registry, verify);
    // nobody waits for it any more once the run goes on without it
    asking.catch(() => undefined);
    const slow = patience.then((): Available => ({ problem: tooSlow(registry, patienceMs, now) }));
    return [registry, await Promise.race([asking, slow])];
  };
  try {
    const asked = new Map(await Promise.all(registries.map(ask)));
    signal?.throwIfAborted();
    return asked;
  } finally {
    over.abort();
  }
}

/** What a plan works with: spans instead of times, so that no two clocks are compared. */
export function withOutcome(registry: DesiredRegistry, asked: Available | undefined, nowMs: number): DesiredRegistry {
  if (asked === undefined) return registry;
  return { ...registry, outcome: outcomeOf(asked, nowMs) };
}

/** An older credential that still lives is one, too: a plan sees that it is not newer than what is in place. */
function outcomeOf({ credential, problem }: Available, nowMs: number): IssueOutcome {
  if (credential === undefined) {
    const { message, hint } = problem?.error ?? { message: 'nothing was issued', hint: undefined };
    return { kind: 'failed', message, ...(hint === undefined ? {} : { hint }) };
  }
  const { username, secret, issuedAt, expiresAt } = credential;
  const ageMs = Math.max(0, nowMs - issuedAt.getTime());
  const lifeMs = expiresAt === undefined ? undefined : expiresAt.getTime() - issuedAt.getTime();
  return { kind: 'issued', credential: { username, secret, ageMs, ...(lifeMs === undefined ? {} : { lifeMs }) } };
}

function tooSlow(registry: string, patienceMs: number, now: () => number): NonNullable<Available['problem']> {
  const error = new TransshipError(
    'timeout',
    `what issues the credential of ${registry} took longer than ${patienceMs} ms`,
    {
      retryable: true,
      hint: 'the others were not kept waiting; it is asked again in a moment',
      details: { registry },
    },
  );
  return { error, retryAt: new Date(now() + SLOW_RETRY_MS) };
}
