// The text of an API token and what is stored of it. The text has 256 random bits, so a plain hash of it tells nothing.
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../../shared/telemetry/secret.ts';

const TOKEN_BYTES = 32;
const TOKEN = /^tsk_[A-Za-z0-9_-]{43}$/;

/** `tsk_` and 43 characters of base64url; the prefix lets scanners for leaked secrets find it. */
export function newApiTokenText(): Secret {
  return new Secret(`tsk_${randomBytes(TOKEN_BYTES).toString('base64url')}`);
}

/** What the store keeps in place of the text: hex SHA-256. Undefined for what is no API token by its form. */
export function apiTokenHash(text: string): string | undefined {
  return TOKEN.test(text) ? createHash('sha256').update(text).digest('hex') : undefined;
}
