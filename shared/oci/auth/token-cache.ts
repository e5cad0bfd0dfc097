// Keeps bearer tokens while they live, apart for every registry, token server and identity (its `family`).
// A token that was asked for with more access serves requests that need less.
import type { Secret } from '../../telemetry/secret.ts';
import { covers, scopeKey } from './access-scope.ts';

/** A token and how long it lives, counted from the moment it was received: clocks of servers are not to be trusted. */
export type TokenGrant = { token: Secret; receivedAt: number; lifeMs: number };

export type TokenCache = {
  /** A token of this family for this access that still lives long enough. */
  find(family: string, scopes: readonly string[], minimumLifeMs: number): Secret | undefined;
  add(family: string, scopes: readonly string[], grant: TokenGrant): void;
  /** Takes note that a token was refused for this access; false if it is no longer here. */
  reject(token: string, scopes: readonly string[]): boolean;
};

type Entry = TokenGrant & { family: string; scopes: readonly string[] };

const LEAST_MARGIN_MS = 10_000;

/** `capacity` is the number of tokens kept; the one unused for longest goes first. */
export function createTokenCache(now: () => number, capacity = 500): TokenCache {
  const entries = new Map<string, Entry>();

  return {
    find(family, scopes, minimumLifeMs) {
      const usable = (entry: Entry) =>
        entry.family === family && covers(entry.scopes, scopes) && lives(entry, minimumLifeMs, now());
      const exact = entries.get(keyOf(family, scopes));
      const found = exact !== undefined && usable(exact) ? exact : [...entries.values()].find(usable);
      if (found === undefined) return undefined;
      const key = keyOf(family, found.scopes);
      entries.delete(key);
      entries.set(key, found);
      return found.token;
    },
    add(family, scopes, grant) {
      const key = keyOf(family, scopes);
      entries.delete(key);
      entries.set(key, { ...grant, family, scopes });
      const [oldest] = entries.keys();
      if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
    },
    reject(token, scopes) {
      const refused = [...entries.values()].find((entry) => entry.token.reveal() === token);
      if (refused === undefined) return false;
      drop(refused, scopes);
      // A server that ended one token mostly ended all, and only the next try is left: it gets a new one.
      for (const entry of entries.values()) {
        if (entry.family === refused.family && covers(entry.scopes, scopes)) drop(entry, scopes);
      }
      return true;
    },
  };

  /** Some servers honour only the first scope: the token stays good for the access that nobody refused. */
  function drop(entry: Entry, scopes: readonly string[]): void {
    entries.delete(keyOf(entry.family, entry.scopes));
    const left = entry.scopes.filter((scope) => !scopes.includes(scope));
    if (left.length > 0 && left.length < entry.scopes.length)
      entries.set(keyOf(entry.family, left), { ...entry, scopes: left });
  }
}

function keyOf(family: string, scopes: readonly string[]): string {
  return `${family}\n${scopeKey(scopes)}`;
}

function lives({ receivedAt, lifeMs }: Entry, minimumLifeMs: number, time: number): boolean {
  const ageMs = time - receivedAt;
  // A body that takes longer than any token lives gets a young one, not a new one for each request.
  const needed = Math.max(lifeMs / 10, LEAST_MARGIN_MS, Math.min(minimumLifeMs, lifeMs * 0.75));
  return ageMs >= 0 && lifeMs - ageMs >= needed;
}
