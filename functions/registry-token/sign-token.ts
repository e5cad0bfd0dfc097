// Makes the token that a registry of the CNCF distribution takes, and the key set by which others check it.
// https://distribution.github.io/distribution/spec/auth/jwt/
import type { JWK } from 'jose';
import type { Access } from './scopes.ts';
import type { TokenKey, TokenKeys } from './token-keys.ts';

export type TokenClaims = {
  issuer: string;
  /** One name: distribution 2.8 reads no list. */
  service: string;
  /** Who it was given to; absent: anybody. */
  subject?: string;
  access: readonly Access[];
  /** Registries that trust by `rootcertbundle` go by it. */
  sendCertificate: boolean;
  now: Date;
  lifeSeconds: number;
};

/** So far the clock of a registry may be behind ours. */
const SKEW_SECONDS = 60;

export async function signToken(
  { id, algorithm, chain, privateKey }: TokenKey,
  { issuer, service, subject, access, sendCertificate, now, lifeSeconds }: TokenClaims,
): Promise<string> {
  // 46 files, and most servers never sign
  const { SignJWT } = await import('jose');
  const seconds = Math.floor(now.getTime() / 1000);
  const claims = { access: access.map(({ type, name, actions }) => ({ type, name, actions: [...actions] })) };
  return (
    new SignJWT({ ...claims, sub: subject ?? '' })
      // distribution 2.8 knows a key by x5c alone, 3 by kid too, but by kid only where there is no x5c
      .setProtectedHeader({ typ: 'JWT', alg: algorithm, kid: id, ...(sendCertificate && { x5c: [...chain] }) })
      .setIssuer(issuer)
      .setAudience(service)
      .setIssuedAt(seconds)
      .setNotBefore(seconds - SKEW_SECONDS)
      .setExpirationTime(seconds + lifeSeconds)
      .setJti(crypto.randomUUID())
      .sign(privateKey)
  );
}

/** https://www.rfc-editor.org/rfc/rfc7517#section-5 */
export function keySet({ trusted }: TokenKeys): { keys: JWK[] } {
  return {
    keys: trusted.map(({ id, algorithm, publicKey, chain }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid: id,
      alg: algorithm,
      use: 'sig',
      x5c: [...chain],
    })),
  };
}
