// From the Authorization header to an identity: a token of ours by its hash, or one of a configured OIDC issuer.
// https://www.rfc-editor.org/rfc/rfc6750
import { createSigningKeys } from '../../shared/events/signing-keys.ts';
import { isTransshipError } from '../../shared/errors.ts';
import type { ApiDeps, Peer } from './api-deps.ts';
import { apiTokenHash } from './api-token-text.ts';
import type { Scope } from './api-token.ts';
import { hasScope, OWNER, type Identity } from './identity.ts';
import { Refusal, retryAfter } from './problem.ts';

/** Resolves to who asks. @throws Refusal 401, 503 where the keys of an issuer cannot be had */
export type Authenticate = (authorization: string | undefined, peer: Peer | undefined) => Promise<Identity>;

const REALM = 'Bearer realm="transship"';
const BEARER = /^bearer +([\x21-\x7e]{1,16384})$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export function authenticator({
  apiTokens,
  clock,
  config,
  fetchJson,
}: Pick<ApiDeps, 'apiTokens' | 'clock' | 'config' | 'fetchJson'>): Authenticate {
  const keys = createSigningKeys(fetchJson, () => clock.now().getTime());

  const byHash = async (text: string): Promise<Identity> => {
    const hash = apiTokenHash(text);
    const token = hash === undefined ? undefined : await apiTokens.findByHash(hash);
    if (token === undefined) throw unauthorized('the token is not known');
    if (token.expiresAt !== undefined && token.expiresAt <= clock.now()) throw unauthorized('the token has expired');
    const { id, scopes, rules, registries } = token;
    return { name: `api-token/${id}`, scopes, ...(rules && { rules }), ...(registries && { registries }) };
  };

  const byIssuer = async (text: string): Promise<Identity> => {
    // most servers never see such a token, and its library takes long to load
    const { verifyIdentity } = await import('./oidc.ts');
    try {
      const identity = await verifyIdentity(text, config().api.oidc, keys, clock.now());
      if (identity !== undefined) return identity;
    } catch (error) {
      if (isTransshipError(error, 'connection-failed')) throw keysUnavailable(error.retryAfterMs ?? 0);
      throw error;
    }
    throw unauthorized(
      'the token is not one of a configured issuer, for this audience and with the claims that must match',
    );
  };

  return async (authorization, peer) => {
    if (peer?.isOwner === true) return OWNER;
    if (authorization === undefined) throw unauthorized();
    const text = BEARER.exec(authorization)?.[1];
    if (text === undefined) throw unauthorized('the Authorization header holds no bearer token');
    return JWT.test(text) ? byIssuer(text) : byHash(text);
  };
}

/** @throws Refusal 403 that names the scope */
export function assertScope(identity: Identity, scope: Scope): void {
  if (hasScope(identity, scope)) return;
  throw new Refusal({
    status: 403,
    code: 'forbidden',
    detail: `this needs the scope ${scope}`,
    hint: `use a token with the scope ${scope}`,
    headers: { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="${scope}"` },
  });
}

function unauthorized(reason?: string): Refusal {
  const challenge = reason === undefined ? REALM : `${REALM}, error="invalid_token", error_description="${reason}"`;
  return new Refusal({
    status: 401,
    code: 'unauthorized',
    detail: reason ?? 'a bearer token is needed',
    hint: 'make one with: transship api-token create --name NAME --scope SCOPE (for functions of AWS: transship aws token)',
    headers: { 'www-authenticate': challenge },
  });
}

function keysUnavailable(retryAfterMs: number): Refusal {
  return new Refusal({
    status: 503,
    code: 'unavailable',
    detail: "the keys of the token's issuer cannot be had now",
    headers: retryAfter(retryAfterMs),
  });
}
