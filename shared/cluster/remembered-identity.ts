// Remembers an identity until shortly before it ends, and asks once for all who wait.
import type { Identity } from './connection.ts';

/** A request under way must not meet the end. */
const MARGIN_MS = 60_000;
/** A tenth of a short life at most: of one minute, 54 seconds are used. */
const MARGIN_SHARE = 0.1;

/** What ends at once, by a clock that is wrong or a source that is: not asked at each request. */
const SHORTEST_MS = 5_000;

export type RememberedIdentity = { identity: () => Promise<Identity>; forget: () => void };

/** `ask` is called anew after `forget`, after a failure, and near the end of what it gave; what does not tell its end is kept. */
export function rememberIdentity(ask: () => Promise<Identity>, now: () => Date): RememberedIdentity {
  let asked: { answer: Promise<Identity>; freshUntilMs: number } | undefined;

  return {
    identity() {
      if (asked !== undefined && now().getTime() < asked.freshUntilMs) return asked.answer;
      const entry = { answer: ask(), freshUntilMs: Infinity };
      const askedAtMs = now().getTime();
      asked = entry;
      void entry.answer.then(
        (identity) => void (entry.freshUntilMs = endOf(identity, askedAtMs)),
        () => {
          if (asked === entry) asked = undefined;
        },
      );
      return entry.answer;
    },
    forget() {
      asked = undefined;
    },
  };
}

function endOf({ expiresAt }: Identity, askedAtMs: number): number {
  if (expiresAt === undefined) return Infinity;
  const lifeMs = expiresAt.getTime() - askedAtMs;
  return askedAtMs + Math.max(SHORTEST_MS, lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE));
}
