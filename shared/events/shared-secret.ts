// Compares what a sender proves with what is configured, without telling by its duration how close a wrong value came.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { Secret } from '../telemetry/secret.ts';
import type { Signature } from './push-source.ts';

/**
 * The place of the secret that is the whole header value; undefined if none is. All are tried in any case.
 * An empty secret is never right.
 */
export function matchingSecret(given: string | undefined, secrets: readonly (Secret | string)[]): number | undefined {
  const claimed = sha256(given ?? '');
  return firstMatch(given, secrets, (secret) => timingSafeEqual(claimed, secret.digest()));
}

/** The place of the secret that the body was signed with; undefined if none was. */
export function matchingSignature(
  given: string | undefined,
  rawBody: Uint8Array,
  secrets: readonly (Secret | string)[],
  { algorithm, prefix }: Signature,
): number | undefined {
  const claimed = sha256(given ?? '');
  return firstMatch(given, secrets, (secret) => {
    const expected = prefix + createHmac(algorithm, secret.reveal()).update(rawBody).digest('hex');
    return timingSafeEqual(claimed, sha256(expected));
  });
}

/** True for equal text. Compares digests, which have one length and are nobody's to choose. */
export function isEqualSecret(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function firstMatch(
  given: string | undefined,
  secrets: readonly (Secret | string)[],
  isMatch: (secret: Secret) => boolean,
): number | undefined {
  const all = secrets.map((secret) => (secret instanceof Secret ? secret : new Secret(secret)));
  const matches = all.map((secret) => isMatch(secret) && secret.reveal() !== '');
  const index = matches.indexOf(true);
  return index < 0 || given === undefined ? undefined : index;
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
