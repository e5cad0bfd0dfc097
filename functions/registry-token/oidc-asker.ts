// Who shows a token of an identity provider, as Kubernetes would name somebody with such a token: its claims with a prefix, so that nobody
// gets the name of somebody else. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens
import type { JWTPayload } from 'jose';
import type { TokenEndpointConfig } from '../../shared/config/config.ts';
import type { SigningKeys } from '../../shared/events/signing-keys.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';
import { claimedIssuer, fittingClaims } from '../http-api/oidc.ts';
import type { Asker } from './asker.ts';

type Issuer = TokenEndpointConfig['oidc'][number];

/** Those of the cluster itself: no provider may give them. */
const RESERVED = /^system:/;

/** Undefined for what is no token of a configured issuer. @throws TransshipError connection-failed where its keys cannot be had */
export async function oidcAsker(
  { oidc, service }: Pick<TokenEndpointConfig, 'oidc' | 'service'>,
  password: Secret,
  keys: SigningKeys,
  now: Date,
): Promise<Asker | undefined> {
  const token = password.reveal();
  const claimed = claimedIssuer(token);
  if (!oidc.some(({ issuer }) => issuer === claimed)) return undefined;
  const entries = oidc.map((entry) => ({ ...entry, audience: entry.audience ?? service }));
  const found = await fittingClaims(token, entries, keys, now);
  if (found === undefined) return { why: 'the token does not fit what is asked of its issuer' };
  return askerOf(found.claims, found.entry);
}

function askerOf(claims: JWTPayload, { issuer, user, groups, prefix = `${issuer}#` }: Issuer): Asker {
  const [name] = texts(claims, user);
  if (name === undefined || name === '') return { why: `the token has no claim ${user}` };
  // as Kubernetes has it: anybody may write somebody else's address into his own account
  const isVerified = claims['email_verified'] === undefined || claims['email_verified'] === true;
  if (user === 'email' && !isVerified) return { why: 'its address is not verified' };
  const names = (groups === undefined ? [] : texts(claims, groups)).map((group) => `${prefix}${group}`);
  const puller = { user: `${prefix}${name}`, groups: names };
  if ([puller.user, ...names].some((one) => RESERVED.test(one)))
    return { why: 'the token claims a name of the cluster' };
  return { puller };
}

function texts(claims: JWTPayload, name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === 'string');
}
