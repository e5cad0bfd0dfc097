// Trades a credential for a bearer token at the realm of a challenge: by GET, or by the OAuth2 form of POST.
//
//   identity token:  POST refresh_token ── 404, 405, 401 ──▶ GET, Basic <token>:…
//   user, password:  GET, Basic         ── 404, 405 ───────▶ POST password
//   anonymous:       GET
//
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/token.md
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/oauth.md
import type { TokenRequest, TokenResponse } from './authorization.ts';
import type { Credential } from './credential.ts';
import { basicHeader } from './login.ts';
import { parseTokenResponse } from './token-response.ts';
import { tokenServerError } from './token-server-error.ts';
import type { TokenGrant } from './token-cache.ts';

export type BearerChallenge = { scheme: 'bearer'; realm: URL; service: string | undefined };

export type TokenExchange = (
  challenge: BearerChallenge,
  scopes: readonly string[],
  credential: Exclude<Credential, { kind: 'registryToken' }>,
) => Promise<TokenGrant>;

type Options = { registry: string; exchange: (request: TokenRequest) => Promise<TokenResponse>; now: () => number };

const CLIENT_ID = 'transship';

/** The exchange for one registry; it remembers which form its token server understands. */
export function createTokenExchange({ registry, exchange, now }: Options): TokenExchange {
  const preferred = new Map<string, 'GET' | 'POST'>();

  return async (challenge, scopes, credential) => {
    const forms = {
      GET: getRequest(challenge, scopes, credential),
      POST: postRequest(challenge, scopes, credential),
    };
    const memory = `${credential.kind} ${challenge.realm.href}`;
    const method = preferred.get(memory) ?? (credential.kind === 'identityToken' ? 'POST' : 'GET');
    const first = forms[method] ?? forms.GET;
    const other = method === 'POST' ? forms.GET : forms.POST;
    let response = await exchange(first);
    if (other !== undefined && isOtherFormWorthwhile(first, response.status)) {
      const second = await exchange(other);
      // If neither form works, the answer to the one that the server knows tells more.
      if (second.status === 200) preferred.set(memory, other.method);
      if (!isFormUnknown(second.status)) response = second;
    }
    if (response.status !== 200) throw tokenServerError(response, registry, challenge.realm, credential, now());
    return parseTokenResponse(response.body, registry, challenge.realm, now());
  };
}

function isFormUnknown(status: number): boolean {
  return status === 404 || status === 405;
}

function isOtherFormWorthwhile({ method }: TokenRequest, status: number): boolean {
  // Artifactory answers 401 to the POST form that it does not know.
  return isFormUnknown(status) || (method === 'POST' && status === 401);
}

function getRequest(challenge: BearerChallenge, scopes: readonly string[], credential: Credential): TokenRequest {
  const query = [
    ...(challenge.service === undefined ? [] : [`service=${encodeURIComponent(challenge.service)}`]),
    ...scopes.map((scope) => `scope=${encodeURIComponent(scope)}`),
  ].join('&');
  const url = new URL(challenge.realm);
  // Appended as text: URLSearchParams would write the realm's own query anew.
  url.search = [url.search.slice(1), query].filter((part) => part !== '').join('&');
  const authorization = basicHeader(credential);
  return { method: 'GET', url, headers: authorization === undefined ? {} : { authorization } };
}

function postRequest(
  challenge: BearerChallenge,
  scopes: readonly string[],
  credential: Credential,
): TokenRequest | undefined {
  const grant = oauthGrant(credential);
  if (grant === undefined) return undefined;
  const form = new URLSearchParams({ ...grant, service: challenge.service ?? '', client_id: CLIENT_ID });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  return {
    method: 'POST',
    url: challenge.realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    form: form.toString(),
  };
}

function oauthGrant(credential: Credential): Record<string, string> | undefined {
  if (credential.kind === 'identityToken') {
    return { grant_type: 'refresh_token', refresh_token: credential.token.reveal() };
  }
  if (credential.kind === 'basic') {
    return { grant_type: 'password', username: credential.username, password: credential.password.reveal() };
  }
  return undefined;
}
