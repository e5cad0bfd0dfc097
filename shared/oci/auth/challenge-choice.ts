// Chooses the challenge that is answered: Bearer, then Basic; other schemes (Negotiate) are left alone.
import { TransshipError } from '../../errors.ts';
import { parseChallenges } from '../challenge.ts';
import type { BearerChallenge } from './token-exchange.ts';

export type ChosenChallenge = (BearerChallenge & { scope: string | undefined }) | { scheme: 'basic' };

/**
 * The challenge to answer, or undefined if the registry offers none that we know.
 * @throws TransshipError invalid-response for a realm that is missing or no absolute URL
 */
export function chooseChallenge(wwwAuthenticate: string | undefined, registry: string): ChosenChallenge | undefined {
  const challenges = parseChallenges(wwwAuthenticate);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) {
    const { realm, service, scope } = bearer.parameters;
    return { scheme: 'bearer', realm: parseRealm(realm, registry), service, scope };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
}

function parseRealm(realm: string | undefined, registry: string): URL {
  if (realm === undefined || !URL.canParse(realm)) {
    const reason = realm === undefined || realm === '' ? 'no realm' : 'a realm that is no absolute URL';
    throw new TransshipError('invalid-response', `${registry} asks for a token but names ${reason}`, {
      hint: `correct the token configuration of ${registry}: the realm must be an absolute https URL`,
      details: { registry, operation: 'authenticate' },
    });
  }
  const url = new URL(realm);
  url.hash = '';
  return url;
}
