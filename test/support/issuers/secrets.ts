// Secrets of tests: each one unique and recognisable, so that a search finds any that came to light.
import { randomBytes } from 'node:crypto';

/** `canary-github-…`: fit for headers, and with small and large letters and a digit. */
export function uniqueSecret(kind: string): string {
  return `canary-${kind}-aZ9${randomBytes(12).toString('hex')}`;
}

/** A JWT with these claims whose signature nobody checks; its signature is unique. */
export function unsignedJwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.${Buffer.from(uniqueSecret('jwt')).toString('base64url')}`;
}
