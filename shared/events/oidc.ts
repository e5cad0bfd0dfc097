// Verifies the tokens that Google, Microsoft Entra and Chainguard send with their pushes: who issued them, for whom, on whose
// behalf. RS256 with a key that the issuer publishes under the token's `kid`; `jku` and the like are not looked at.
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { ChainguardOidcAuth, EntraAuth, GoogleOidcAuth } from './receiver.ts';
import type { KeyPlace, SigningKeys } from './signing-keys.ts';

export type TokenAuth = GoogleOidcAuth | EntraAuth | ChainguardOidcAuth;

type TokenRules = {
  keys: KeyPlace;
  issuers: string[];
  audience: string;
  /** Whether it speaks for the sender that is configured. */
  isSender(claims: JWTPayload): boolean;
};

const CLOCK_SKEW_SECONDS = 60;
const MAX_TOKEN_LENGTH = 16_384;
const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;
const EVENT_GRID_APP_ID = '4962773b-9cdb-44cf-a8bf-237846a00ab7';
const CHAINGUARD_ISSUER = 'https://issuer.enforce.dev';
const CHAINGUARD_AUDIENCE = 'customer';
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Resolves for a good token. @throws any Error for a bad one; TransshipError connection-failed when the keys cannot be had.
 * https://www.rfc-editor.org/rfc/rfc8725
 */
export async function verifyToken(
  authorization: string | undefined,
  auth: TokenAuth,
  now: Date,
  keys: SigningKeys | undefined,
): Promise<void> {
  const token = bearerToken(authorization);
  const { alg, kid } = decodeProtectedHeader(token);
  if (alg !== 'RS256' || typeof kid !== 'string' || kid === '') throw new Error('not RS256 with a key id');
  const rules = rulesOf(auth);
  const { payload } = await jwtVerify(token, await keyFinder(auth, rules, kid, keys), {
    algorithms: ['RS256'],
    issuer: rules.issuers,
    audience: rules.audience,
    requiredClaims: ['exp', 'iss', 'aud'],
    clockTolerance: CLOCK_SKEW_SECONDS,
    currentDate: now,
  });
  const latestSeconds = now.getTime() / 1000 + CLOCK_SKEW_SECONDS;
  if (payload.iat !== undefined && payload.iat > latestSeconds) throw new Error('issued in the future');
  if (!rules.isSender(payload)) throw new Error('issued to another sender');
}

function bearerToken(authorization: string | undefined): string {
  const token = BEARER.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw new Error('no bearer token');
  return token;
}

async function keyFinder(
  auth: TokenAuth,
  rules: TokenRules,
  kid: string,
  keys: SigningKeys | undefined,
): Promise<JWTVerifyGetKey> {
  if (auth.jwks !== undefined) return createLocalJWKSet(auth.jwks);
  if (keys === undefined) throw new Error('no way to fetch keys');
  return keys.of(rules.keys, kid);
}

function rulesOf(auth: TokenAuth): TokenRules {
  if (auth.mode === 'google-oidc') return googleRules(auth);
  return auth.mode === 'entra' ? entraRules(auth) : chainguardRules(auth);
}

// Without the address any token of Google's with our audience would do: https://github.com/advisories/GHSA-h9cx-xjg6-5v2w
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
function googleRules({ audience, email }: GoogleOidcAuth): TokenRules {
  refuseEmpty(audience, email);
  return {
    keys: { jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs' },
    issuers: ['https://accounts.google.com'],
    audience,
    isSender: (claims) => claims['email'] === email && claims['email_verified'] === true,
  };
}

// https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery
function entraRules({ tenantId, audience, appId = EVENT_GRID_APP_ID }: EntraAuth): TokenRules {
  refuseEmpty(audience, appId);
  // "common" and its like stand for any tenant
  if (!TENANT_ID.test(tenantId)) throw new Error('the tenant is not an id');
  const issuerV1 = `https://sts.windows.net/${tenantId}/`;
  return {
    keys: { jwksUrl: `https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys` },
    issuers: [issuerV1, `https://login.microsoftonline.com/${tenantId}/v2.0`],
    audience,
    isSender: (claims) => claims[claims.iss === issuerV1 ? 'appid' : 'azp'] === appId,
  };
}

// https://edu.chainguard.dev/chainguard/administration/cloudevents/events-reference/
function chainguardRules(auth: ChainguardOidcAuth): TokenRules {
  const { subject, audience = CHAINGUARD_AUDIENCE, issuer = CHAINGUARD_ISSUER } = auth;
  refuseEmpty(subject, audience, issuer);
  return { keys: { issuer }, issuers: [issuer], audience, isSender: (claims) => claims.sub === subject };
}

function refuseEmpty(...values: string[]): void {
  if (values.includes('')) throw new Error('a receiver without audience or sender');
}
