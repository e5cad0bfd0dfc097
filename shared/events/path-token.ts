// The token in a receiver's URL, for senders that can sign nothing and send no header. It follows from the master key, so
// nothing has to be stored, and a new generation replaces it while the old one still works.
import { createHmac } from 'node:crypto';
import type { Secret } from '../telemetry/secret.ts';
import { isEqualSecret } from './shared-secret.ts';

/** The last part of `/hooks/<kind>/<receiverId>/<token>`; 43 characters of base64url. */
export function pathToken(masterKey: Secret, receiverId: string, generation: number): string {
  return createHmac('sha256', masterKey.reveal()).update(`v1\n${receiverId}\n${generation}`).digest('base64url');
}

/** The generation that a token is of; undefined if of none. All are tried in any case; without a master key none is right. */
export function matchPathToken(
  given: string,
  masterKey: Secret,
  receiverId: string,
  generations: readonly number[],
): number | undefined {
  const matches = generations.map((generation) => isEqualSecret(given, pathToken(masterKey, receiverId, generation)));
  return masterKey.reveal() === '' ? undefined : generations[matches.indexOf(true)];
}
