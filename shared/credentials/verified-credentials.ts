// The credentials of one run, by registry: issued once for each identity, and tried at the registry before anybody gets them. What a
// registry does not let in is never distributed; one that says "expired" makes a new one be issued, once.
import { isTransshipError, TransshipError } from '../errors.ts';
import type { IssuedCredential, Issuer } from '../registries/issuer.ts';
import type { PullVerdict } from '../registries/probe-pull.ts';
import type { Issued, IssueCycle } from './issued-credentials.ts';

/** Asks the registry for the right to pull, with this credential alone. */
export type ProbePull = (registry: string, credential: IssuedCredential, signal?: AbortSignal) => Promise<PullVerdict>;

export type Available = Issued & { issuer?: Issuer };

export type VerifiedCredentials = {
  /** Who issues for a registry, or why nobody does. */
  issuerOf(registry: string): Issuer | TransshipError;
  /** True where nobody has to be asked for it. */
  holds(issuer: Issuer): boolean;
  /** By the registry's name in the rules; asked for once. `verify`: whether it has to be tried. */
  of(registry: string, verify: boolean): Promise<Available>;
};

export type VerifyOptions = {
  /** @throws TransshipError invalid-config where nobody issues for a registry */
  issuerOf: (registry: string) => Issuer;
  cycle: IssueCycle;
  probe: ProbePull;
  verdicts: Verdicts;
  now: () => number;
  signal?: AbortSignal;
};

/** What registries said, for as long as the credential is in use. */
export type Verdicts = WeakMap<IssuedCredential, Map<string, Verdict>>;
type Verdict = { verdict: PullVerdict; untilMs: number };

/** Good news is remembered; a registry that was not reached may be back soon, a refusal stands until somebody mends it. */
const REMEMBERED_MS = { ok: Infinity, expired: 60_000, refused: 180_000, unknown: 60_000 };

export function verifiedCredentials(options: VerifyOptions): VerifiedCredentials {
  const { issuerOf, cycle, probe, verdicts, now, signal } = options;
  const asked = new Map<string, Promise<Available>>();

  async function verdictOf(registry: string, credential: IssuedCredential): Promise<Verdict> {
    const known = verdicts.get(credential)?.get(registry);
    if (known !== undefined && now() < known.untilMs) return known;
    const verdict = await tried(registry, credential);
    const news = { verdict, untilMs: now() + REMEMBERED_MS[verdict.state] };
    const byRegistry = verdicts.get(credential) ?? new Map<string, Verdict>();
    verdicts.set(credential, byRegistry.set(registry, news));
    return news;
  }

  async function tried(registry: string, credential: IssuedCredential): Promise<PullVerdict> {
    try {
      return await probe(registry, credential, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransshipError(error)) throw error;
      const { message, hint } = error;
      return { state: 'unknown', message, ...(hint === undefined ? {} : { hint }) };
    }
  }

  async function verified(registry: string, issuer: Issuer): Promise<Available> {
    const issued = await cycle.issue(issuer);
    if (issued.credential === undefined) return { issuer, ...issued };
    const first = await verdictOf(registry, issued.credential);
    if (first.verdict.state !== 'expired') return judged(registry, issuer, issued, first);
    const renewed = await cycle.renew(issuer, issued.credential);
    if (renewed.credential === undefined) return { issuer, ...renewed };
    return judged(registry, issuer, renewed, await verdictOf(registry, renewed.credential));
  }

  const findIssuer = (registry: string): Issuer | TransshipError => {
    try {
      return issuerOf(registry);
    } catch (error) {
      if (isTransshipError(error)) return error;
      throw error;
    }
  };

  async function available(registry: string, verify: boolean): Promise<Available> {
    const issuer = findIssuer(registry);
    if (issuer instanceof TransshipError) {
      return { problem: { error: issuer, retryAt: new Date(now() + REMEMBERED_MS.refused) } };
    }
    if (verify) return verified(registry, issuer);
    return { issuer, ...(await cycle.issue(issuer)) };
  }

  return {
    issuerOf: findIssuer,
    holds: (issuer) => cycle.holds(issuer),
    of(registry, verify) {
      const key = `${verify ? 'verified' : 'plain'} ${registry}`;
      const before = asked.get(key) ?? available(registry, verify);
      asked.set(key, before);
      return before;
    },
  };
}

function judged(registry: string, issuer: Issuer, issued: Issued, { verdict, untilMs }: Verdict): Available {
  if (verdict.state === 'ok') return { issuer, ...issued };
  return { issuer, problem: { error: refusal(registry, verdict), retryAt: new Date(untilMs) } };
}

function refusal(registry: string, verdict: Exclude<PullVerdict, { state: 'ok' }>): TransshipError {
  const { state, message, hint } = verdict;
  const code = state === 'unknown' ? 'connection-failed' : 'denied';
  return new TransshipError(code, `${registry} was not convinced by the new credential: ${message}`, {
    retryable: true,
    hint:
      hint ??
      'the credential that is in place stays; set verify: false for a registry that cannot be reached from here',
    details: { registry },
  });
}
