// Compares what a sender proves with what is configured, without telling by its duration how close a wrong value came.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { Secret } from '../telemetry/secret.ts';
import type { Signature } from './push-source.ts';

/**
 * The place of the secret that is the whole header value; undefined if none is. All are tried in any case.
 * An empty secret is never right.
 */
export function matchingSecret(given: string | undefined, secrets: readonly (Secret | string)[]): number | undefined {
  return firstMatch(given, secrets, (secret) => secret);
}

/** The place of the secret that the body was signed with; undefined if none was. */
export function matchingSignature(
  given: string | undefined,
  rawBody: Uint8Array,
  secrets: readonly (Secret | string)[],
  { algorithm, prefix }: Signature,
): number | undefined {
  return firstMatch(given, secrets, (secret) => prefix + createHmac(algorithm, secret).update(rawBody).digest('hex'));
}

/** True for equal text. Compares digests, which have one length and are nobody's to choose. */
export function isEqualSecret(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function firstMatch(
  given: string | undefined,
  secrets: readonly (Secret | string)[],
  expectedOf: (secret: string) => string,
): number | undefined {
  const values = secrets.map((secret) => (secret instanceof Secret ? secret : new Secret(secret)).reveal());
  const matches = values.map((value) => isEqualSecret(given ?? '', expectedOf(value)) && value !== '');
  const index = matches.indexOf(true);
  return index < 0 || given === undefined ? undefined : index;
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
