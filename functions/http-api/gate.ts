// What every request passes before its route looks at it: the rate of its client, who it is, and whether its scope is enough.
import type { Context } from 'hono';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import type { Scope } from './api-token.ts';
import { assertScope, type Authenticate } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import { isUnlimited, type Identity } from './identity.ts';
import { Refusal, retryAfter } from './problem.ts';
import { createRateLimit } from './rate-limit.ts';

/** Resolves to who asks, nobody where that does not matter. @throws Refusal 401, 403, 429, 503 */
export type Gate = (
  context: Context<ApiEnv>,
  access: Scope | 'public' | 'own',
  unmetered: boolean,
) => Promise<Identity>;

const NOBODY: Identity = { name: 'nobody', scopes: [] };

export function createGate(deps: Pick<ApiDeps, 'clock' | 'config'>, authenticate: Authenticate): Gate {
  const rateLimit = createRateLimit();

  return async (context, access, unmetered) => {
    const { requestsPerMinute, trustProxy } = deps.config().api;
    const peer = context.env?.peer;
    const { req } = context;
    if (!unmetered && peer?.isOwner !== true) {
      const client = clientAddress(peer, req.header('x-forwarded-for'), trustProxy);
      const waitMs = rateLimit(client, deps.clock.now().getTime(), requestsPerMinute);
      if (waitMs > 0) throw tooMany(waitMs);
    }
    if (access === 'public' || access === 'own') return NOBODY;
    const identity = await authenticate(req.header('authorization'), peer);
    context.set('client', identity.name);
    assertScope(identity, access);
    // who could make tokens without limits has none
    if (access === 'admin' && !isUnlimited(identity)) throw limited();
    return identity;
  };
}

function tooMany(waitMs: number): Refusal {
  return new Refusal({
    status: 429,
    code: 'too-many-requests',
    detail: 'too many requests from this address',
    hint: 'wait as long as Retry-After says, or raise api.rateLimit',
    headers: retryAfter(waitMs),
  });
}

function limited(): Refusal {
  return new Refusal({
    status: 403,
    code: 'forbidden',
    detail: 'this needs the scope admin, held to no rules and registries',
  });
}
