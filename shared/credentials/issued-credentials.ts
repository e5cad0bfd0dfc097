// The credentials that were issued in this process, by the identity that they are of: one call gives what all namespaces, registries and
// runs share, and what could not be renewed stays good until its own end. Nothing of it is ever stored.
//
//   asked for ─▶ younger than half of its life? ── yes ─▶ as it is
//                  └─ no ─▶ failed a moment ago? ── yes ─▶ the old one while it lives, and why
//                             └─ no ─▶ one call for all who ask meanwhile ─▶ shorter than the margin? once more
//
import { isTransshipError, type TransshipError } from '../errors.ts';
import { sleep as pause } from '../oci/retry.ts';
import type { IssuedCredential, Issuer } from '../registries/issuer.ts';
import { checked, nextTryMs, overAlready, shortLived, unexpected } from './issue-trouble.ts';

/** What is asked for; with a problem it is an older one, one that will not last, or none. */
export type Issued = { credential?: IssuedCredential; problem?: IssueProblem };

/** Why there is no new one. */
export type IssueProblem = {
  error: TransshipError;
  /** Nobody is asked again before. */
  retryAt: Date;
};

/** One run: each identity is asked for once in it. */
export type IssueCycle = {
  issue(issuer: Issuer): Promise<Issued>;
  /** Once for each identity: the registry said that what was issued is over. */
  renew(issuer: Issuer, refused: IssuedCredential): Promise<Issued>;
};

export type IssuedCredentials = {
  /** `isForced`: what was issued before is not good enough, and neither is what failed before. */
  cycle(options?: { isForced?: boolean; signal?: AbortSignal }): IssueCycle;
};

export type IssuingOptions = {
  now?: () => number;
  random?: () => number;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

type Known = {
  held?: Held;
  failure?: { error: TransshipError; untilMs: number; count: number };
  calling?: Promise<Issued>;
};

/** Times by our own clock since it was obtained: how wrong that clock is does not matter. */
type Held = { credential: IssuedCredential; obtainedMs: number; lifeMs: number };

/** Less than this does not outlast a slow run. */
const SHORTEST_LIFE_MS = 5 * 60_000;
/** Of one that does not end by itself: it is looked at daily, so that half of that makes it a new one each time. */
const ENDLESS_LIFE_MS = 24 * 3_600_000;
/** Within one call; longer waits are the next run's. */
const TRIES = 2;
const QUICK_WAIT_MS = 1000;
const CALL_MS = 60_000;

export function issuedCredentials(options: IssuingOptions = {}): IssuedCredentials {
  const { now = Date.now, random = Math.random, sleep = pause } = options;
  const byId = new Map<string, Known>();

  const knownOf = (id: string): Known => {
    const known = byId.get(id) ?? {};
    byId.set(id, known);
    return known;
  };

  /** Gives the old one where it lives, with why there is no newer one. */
  const failed = (known: Known, error: unknown): Issued => {
    const asked = isTransshipError(error) ? error : unexpected(error);
    const count = (known.failure?.count ?? 0) + 1;
    const untilMs = now() + nextTryMs(asked, count, random);
    known.failure = { error: asked, untilMs, count };
    return withProblem(known, asked, untilMs);
  };

  const withProblem = (known: Known, error: TransshipError, untilMs: number): Issued => {
    const { held } = known;
    const problem = { error, retryAt: new Date(untilMs) };
    return held !== undefined && isAlive(held, now()) ? { credential: held.credential, problem } : { problem };
  };

  async function ask(issuer: Issuer): Promise<Held> {
    for (let tried = 1; ; tried += 1) {
      try {
        const credential = checked(await issuer.issue({ signal: AbortSignal.timeout(CALL_MS) }), issuer);
        return { credential, obtainedMs: now(), lifeMs: lifeMs(credential) };
      } catch (error) {
        const wait = Math.max(
          isTransshipError(error) ? (error.retryAfterMs ?? 0) : 0,
          Math.round(random() * QUICK_WAIT_MS),
        );
        if (tried >= TRIES || !isPassing(error) || wait > QUICK_WAIT_MS) throw error;
        await sleep(wait);
      }
    }
  }

  async function call(issuer: Issuer, known: Known): Promise<Issued> {
    try {
      let held = await ask(issuer);
      if (held.lifeMs < SHORTEST_LIFE_MS) {
        const other = await ask(issuer);
        if (other.lifeMs > held.lifeMs) held = other;
      }
      if (held.lifeMs <= 0) throw overAlready(held.credential);
      known.held = held;
      delete known.failure;
      if (held.lifeMs >= SHORTEST_LIFE_MS) return { credential: held.credential };
      return withProblem(known, shortLived(held.credential, held.lifeMs), now() + held.lifeMs / 2);
    } catch (error) {
      return failed(known, error);
    }
  }

  /** One call for all who ask meanwhile: it is nobody's to cut off. */
  function shared(issuer: Issuer, known: Known): Promise<Issued> {
    known.calling ??= call(issuer, known).finally(() => delete known.calling);
    return known.calling;
  }

  function current(issuer: Issuer, isForced: boolean): Promise<Issued> {
    const known = knownOf(issuer.id);
    if (isForced || known.calling !== undefined) return shared(issuer, known);
    const { held, failure } = known;
    if (held !== undefined && now() < held.obtainedMs + held.lifeMs / 2) return Promise.resolve(fresh(held));
    if (failure !== undefined && now() < failure.untilMs) {
      return Promise.resolve(withProblem(known, failure.error, failure.untilMs));
    }
    return shared(issuer, known);
  }

  return {
    cycle({ isForced = false, signal } = {}) {
      const asked = new Map<string, Promise<Issued>>();
      const renewed = new Set<string>();
      const remember = (id: string, issued: Promise<Issued>): Promise<Issued> => {
        asked.set(id, issued);
        return orAborted(issued, signal);
      };
      const issue = (issuer: Issuer): Promise<Issued> => {
        const before = asked.get(issuer.id);
        if (before === undefined) return remember(issuer.id, current(issuer, isForced));
        return orAborted(before, signal);
      };
      return {
        issue,
        async renew(issuer, refused) {
          const { id } = issuer;
          const latest = await issue(issuer);
          if (latest.credential !== refused) return latest;
          // Another registry of the identity said so before.
          if (renewed.has(id)) return issue(issuer);
          renewed.add(id);
          return remember(id, shared(issuer, knownOf(id)));
        },
      };
    },
  };
}

function fresh({ credential, lifeMs, obtainedMs }: Held): Issued {
  if (lifeMs >= SHORTEST_LIFE_MS) return { credential };
  return { credential, problem: { error: shortLived(credential, lifeMs), retryAt: new Date(obtainedMs + lifeMs / 2) } };
}

function lifeMs({ issuedAt, expiresAt }: IssuedCredential): number {
  return expiresAt === undefined ? ENDLESS_LIFE_MS : expiresAt.getTime() - issuedAt.getTime();
}

function isAlive({ credential, obtainedMs, lifeMs }: Held, nowMs: number): boolean {
  return credential.expiresAt === undefined || nowMs < obtainedMs + lifeMs;
}

function isPassing(error: unknown): boolean {
  return isTransshipError(error) && error.retryable;
}

/** Who is cut off waits no longer; the call goes on for the others. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
