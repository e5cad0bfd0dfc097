// The credentials that were issued in this process, by the identity that they are of: one call gives what all namespaces, registries and
// runs share, and what could not be renewed stays good until its own end. Nothing of it is ever stored.
//
//   asked for ─▶ too young to be renewed? ── yes ─▶ as it is
//                  └─ no ─▶ failed a moment ago? ── yes ─▶ the old one while it lives, and why
//                             └─ no ─▶ one call for all who ask meanwhile ─▶ shorter than the margin? once more
//
import { isTransshipError, type TransshipError } from '../errors.ts';
import { sleep as pause } from '../oci/http/retry.ts';
import type { IssuedCredential, Issuer } from '../registries/issuer.ts';
import { checked, nextTryMs, overAlready, shortLived, unexpected } from './issue-trouble.ts';
import { renewalWindow } from './refresh.ts';

/** What is asked for; with a problem it is an older one, one that will not last, or none. */
export type Issued = { credential?: IssuedCredential; problem?: IssueProblem };

/** Why there is no new one. */
type IssueProblem = {
  error: TransshipError;
  /** Nobody is asked again before. */
  retryAt: Date;
};

/** One run: each identity is asked for once in it. */
export type IssueCycle = {
  /** True where nobody has to be asked: it was issued in this process, and is too young to be renewed. */
  holds(issuer: Issuer): boolean;
  issue(issuer: Issuer): Promise<Issued>;
  /** Once for each identity: the registry said that what was issued is over. */
  renew(issuer: Issuer, refused: IssuedCredential): Promise<Issued>;
};

export type IssuedCredentials = {
  cycle(options?: CycleOptions): IssueCycle;
  /** What was issued for an identity last, as far as it may be shown; undefined where nothing was. Nobody is asked. */
  held(id: string): Pick<IssuedCredential, 'identity' | 'issuedAt' | 'expiresAt'> | undefined;
};

type CycleOptions = {
  /** What was issued before is not good enough, and neither is what failed before. */
  isForced?: boolean;
  /** The same for credentials without an end: they may have been changed where they are kept. */
  renewsEndless?: boolean;
  /** When the credentials of an issuer end that clusters hold: for those that must not replace them. */
  inUse?: (issuer: Issuer) => Promise<readonly Date[]>;
  signal?: AbortSignal;
};

export type IssuingOptions = {
  now?: () => number;
  random?: () => number;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

type Known = {
  held?: IssuedCredential;
  failure?: { error: TransshipError; untilMs: number; count: number };
  calling?: Promise<Issued>;
};

/** Less than this does not outlast a slow run. */
const SHORTEST_LIFE_MS = 5 * 60_000;
/** One that does not end by itself is looked at daily: by then it is asked for anew. */
const ENDLESS_MS = 12 * 3_600_000;
/** Marks have whole seconds, and no two clocks go alike: who comes because it is time gets a new one. */
const EARLY_MS = 2000;
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
    return held !== undefined && endMs(held) > now() ? { credential: held, problem } : { problem };
  };

  const leftMs = (credential: IssuedCredential): number => endMs(credential) - now();

  /** One that will not last is used, since there is none better. */
  const fresh = (held: IssuedCredential): Issued => {
    const { issuedAt, expiresAt } = held;
    const lifeMs = (expiresAt?.getTime() ?? Infinity) - issuedAt.getTime();
    if (lifeMs >= SHORTEST_LIFE_MS) return { credential: held };
    return { credential: held, problem: { error: shortLived(held, lifeMs), retryAt: new Date(renewMs(held)) } };
  };

  async function ask(issuer: Issuer, { inUse }: CycleOptions): Promise<IssuedCredential> {
    const looks = inUse === undefined ? {} : { inUse: () => inUse(issuer) };
    for (let tried = 1; ; tried += 1) {
      try {
        return checked(await issuer.issue({ signal: AbortSignal.timeout(CALL_MS), ...looks }), issuer);
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

  async function call(issuer: Issuer, known: Known, options: CycleOptions): Promise<Issued> {
    try {
      let held = await ask(issuer, options);
      if (leftMs(held) < SHORTEST_LIFE_MS) {
        const other = await ask(issuer, options);
        if (endMs(other) > endMs(held)) held = other;
      }
      if (leftMs(held) <= 0) throw overAlready(held);
      known.held = held;
      delete known.failure;
      return fresh(held);
    } catch (error) {
      return failed(known, error);
    }
  }

  /** One call for all who ask meanwhile: it is nobody's to cut off. */
  function shared(issuer: Issuer, known: Known, options: CycleOptions): Promise<Issued> {
    known.calling ??= call(issuer, known, options).finally(() => delete known.calling);
    return known.calling;
  }

  function youngOne({ held }: Known, { isForced, renewsEndless }: CycleOptions): IssuedCredential | undefined {
    if (held === undefined || isForced === true || now() >= renewMs(held)) return undefined;
    return renewsEndless === true && held.expiresAt === undefined ? undefined : held;
  }

  function current(issuer: Issuer, options: CycleOptions): Promise<Issued> {
    const known = knownOf(issuer.id);
    if (options.isForced === true || known.calling !== undefined) return shared(issuer, known, options);
    const young = youngOne(known, options);
    if (young !== undefined) return Promise.resolve(fresh(young));
    return unlessFailed(issuer, known, options);
  }

  /** What failed a moment ago is left alone. */
  function unlessFailed(issuer: Issuer, known: Known, options: CycleOptions): Promise<Issued> {
    const { failure } = known;
    if (failure === undefined || now() >= failure.untilMs) return shared(issuer, known, options);
    return Promise.resolve(withProblem(known, failure.error, failure.untilMs));
  }

  return {
    held: (id) => byId.get(id)?.held,
    cycle(cycleOptions = {}) {
      const { signal } = cycleOptions;
      const asked = new Map<string, Promise<Issued>>();
      const renewed = new Set<string>();
      const remember = (id: string, issued: Promise<Issued>): Promise<Issued> => {
        asked.set(id, issued);
        return orAborted(issued, signal);
      };
      const issue = (issuer: Issuer): Promise<Issued> => {
        const before = asked.get(issuer.id);
        if (before === undefined) return remember(issuer.id, current(issuer, cycleOptions));
        return orAborted(before, signal);
      };
      return {
        holds: ({ id }) => asked.has(id) || youngOne(knownOf(id), cycleOptions) !== undefined,
        issue,
        async renew(issuer, refused) {
          const { id } = issuer;
          const latest = await issue(issuer);
          if (latest.credential !== refused) return latest;
          // Another registry of the identity said so before.
          if (renewed.has(id)) return issue(issuer);
          renewed.add(id);
          return remember(id, unlessFailed(issuer, knownOf(id), cycleOptions));
        },
      };
    },
  };
}

/** From then on it is asked for anew: no Secret that holds it is renewed sooner. */
function renewMs({ issuedAt, expiresAt }: IssuedCredential): number {
  if (expiresAt === undefined) return issuedAt.getTime() + ENDLESS_MS;
  const lifeMs = expiresAt.getTime() - issuedAt.getTime();
  return issuedAt.getTime() + Math.max(0, lifeMs * renewalWindow(lifeMs).from - EARLY_MS);
}

function endMs({ expiresAt }: IssuedCredential): number {
  return expiresAt?.getTime() ?? Infinity;
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
