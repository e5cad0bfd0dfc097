// Hands out bearer tokens: from the cache, from an exchange that is under way, or from a new one.
import type { Secret } from '../../telemetry/secret.ts';
import { covers } from './access-scope.ts';
import type { Credential } from './credential.ts';
import { createTokenCache } from './token-cache.ts';
import type { BearerChallenge, TokenExchange } from './token-exchange.ts';

type TokenWanted = {
  challenge: BearerChallenge;
  identity: string;
  credential: Exclude<Credential, { kind: 'registryToken' }>;
  scopes: readonly string[];
  minimumLifeMs: number;
};

export type TokenSource = {
  tokenFor(wanted: TokenWanted): Promise<Secret>;
  /** Takes note that a token was refused for this access; false if another one already took its place. */
  reject(token: string, scopes: readonly string[]): boolean;
};

type Flight = { family: string; scopes: readonly string[]; token: Promise<Secret> };

/** `origin` is the registry's API, part of what tokens are kept apart by. */
export function createTokenSource(origin: string, exchange: TokenExchange, now: () => number): TokenSource {
  const cache = createTokenCache(now);
  const flights = new Set<Flight>();

  const fetchToken = async (family: string, { challenge, scopes, credential }: TokenWanted): Promise<Secret> => {
    const grant = await exchange(challenge, scopes, credential);
    cache.add(family, scopes, grant);
    return grant.token;
  };

  return {
    async tokenFor(wanted) {
      const { challenge, identity, scopes } = wanted;
      const family = JSON.stringify([origin, challenge.realm.href, challenge.service ?? '', identity]);
      const kept = cache.find(family, scopes, wanted.minimumLifeMs);
      if (kept !== undefined) return kept;
      const shared = [...flights].find((flight) => flight.family === family && covers(flight.scopes, scopes));
      if (shared !== undefined) return shared.token;
      const flight: Flight = { family, scopes, token: fetchToken(family, wanted) };
      flights.add(flight);
      try {
        return await flight.token;
      } finally {
        flights.delete(flight);
      }
    },
    reject: (token, scopes) => cache.reject(token, scopes),
  };
}
