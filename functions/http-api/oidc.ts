// Checks a token of an OIDC issuer: which of the configured issuers it is of, for whom, and whether its claims match.
// https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
import { decodeJwt, decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import type { ApiConfig } from '../../shared/config/config.ts';
import { isTransshipError } from '../../shared/errors.ts';
import type { SigningKeys } from '../../shared/events/signing-keys.ts';
import type { Identity } from './identity.ts';

type Issuer = ApiConfig['oidc'][number];

/** What a token has to fit, beside being signed by its issuer; `match`: all of these claims. */
type Fit = { issuer: string; audience: string; match: Readonly<Record<string, string>> };

const ALGORITHMS = ['RS256', 'ES256'];
const CLOCK_SKEW_SECONDS = 60;

/**
 * The identity that the first fitting entry gives; undefined where none fits.
 * @throws TransshipError connection-failed where the keys of its issuer cannot be had
 */
export async function verifyIdentity(
  token: string,
  issuers: readonly Issuer[],
  keys: SigningKeys,
  now: Date,
): Promise<Identity | undefined> {
  const fitting = await fittingClaims(token, issuers, keys, now);
  return fitting && identityOf(fitting.claims, fitting.entry);
}

/** The claims of a token with the first entry that it fits. @throws as `verifyIdentity` */
export async function fittingClaims<Entry extends Fit>(
  token: string,
  entries: readonly Entry[],
  keys: SigningKeys,
  now: Date,
): Promise<{ claims: JWTPayload; entry: Entry } | undefined> {
  const issuer = claimedIssuer(token);
  for (const entry of entries.filter((one) => one.issuer === issuer)) {
    const claims = await verifiedClaims(token, entry, keys, now);
    if (claims !== undefined && matches(claims, entry)) return { claims, entry };
  }
  return undefined;
}

/** What the token says of its origin, which is not believed but decides whose keys it has to stand up to. */
export function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

async function verifiedClaims(
  token: string,
  { issuer, audience }: Fit,
  keys: SigningKeys,
  now: Date,
): Promise<JWTPayload | undefined> {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (alg === undefined || !ALGORITHMS.includes(alg) || typeof kid !== 'string') return undefined;
    const { payload } = await jwtVerify(token, await keys.of({ issuer }, kid), {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ['exp', 'iss', 'aud', 'sub'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: now,
    });
    const latestSeconds = now.getTime() / 1000 + CLOCK_SKEW_SECONDS;
    return payload.iat !== undefined && payload.iat > latestSeconds ? undefined : payload;
  } catch (error) {
    if (isTransshipError(error)) throw error;
    return undefined;
  }
}

function matches(claims: JWTPayload, { match }: Fit): boolean {
  return Object.entries(match).every(([name, pattern]) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values.some((one) => isScalar(one) && matchesClaim(pattern, String(one)));
  });
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** `*` stands for any characters but `/`, so that `acme/*` is no way into another part of a name. */
function matchesClaim(pattern: string, value: string): boolean {
  const parts = pattern.split('*').map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join('[^/]*')}$`, 's').test(value);
}

function identityOf({ sub }: JWTPayload, { issuer, scopes, rules }: Issuer): Identity {
  return { name: `oidc:${issuer} ${sub}`, scopes, ...(rules && { rules }) };
}
