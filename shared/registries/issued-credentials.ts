// The login of copies by an issuer: what it issues, kept until shortly before its end.
import type { CredentialSource } from '../oci/credential.ts';
import type { Issuer } from './issuer.ts';
import { rememberedCredential } from './remembered-credential.ts';

/** A credential is given up this long before it ends, or after nine tenths of its life if that is later. */
const MARGIN_MS = 30 * 60 * 1000;

/** Asks anew before the end of what it has, and after a refusal of it. The source throws what the issuer throws. */
export function issuedCredentials(issuer: Issuer, now: () => number = Date.now): CredentialSource {
  return rememberedCredential(async () => {
    const { username, secret, issuedAt, expiresAt } = await issuer.issue();
    const lifeMs = expiresAt === undefined ? undefined : expiresAt.getTime() - issuedAt.getTime();
    return {
      kind: 'basic',
      username,
      password: secret,
      ...(lifeMs === undefined
        ? {}
        : { renewAt: new Date(issuedAt.getTime() + Math.max(lifeMs - MARGIN_MS, lifeMs * 0.9)) }),
    };
  }, now);
}
