// What is wrong with an answer of a provider, in words, and when it is asked again. Never with anything of the answer in it.
import { TransshipError } from '../errors.ts';
import type { IssuedCredential, Issuer } from '../registries/issuer.ts';

/** An answer that no later try changes, until somebody mends something. */
const FINAL_MS = 5 * 60_000;
const FIRST_WAIT_MS = 2000;
/** Renewals come early enough for outages of half an hour, if it is noticed within minutes that one is over: see refresh.ts. */
const LONGEST_WAIT_MS = 3 * 60_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** What has no content is no credential, whatever the status of the answer was. @throws TransshipError invalid-response */
export function checked(credential: IssuedCredential, issuer: Issuer): IssuedCredential {
  const { username, secret, issuedAt, expiresAt } = credential;
  const isWhole = username !== '' && secret.reveal().trim() !== '';
  const isTimed = [issuedAt, expiresAt].every((time) => time === undefined || !Number.isNaN(time.getTime()));
  if (isWhole && isTimed) return credential;
  throw new TransshipError(
    'invalid-response',
    `what issues ${hostOf(issuer)} gave ${isWhole ? 'no readable time' : 'an empty credential'}`,
    {
      retryable: true,
      hint: 'the credentials that are in place stay; see whether a proxy answers for the provider',
    },
  );
}

/** A name for people; an id may be long. */
function hostOf({ hosts, id }: Issuer): string {
  return hosts[0] === undefined ? `the credential ${id}` : `the credential of ${hosts[0]}`;
}

export function shortLived({ identity }: IssuedCredential, lifeMs: number): TransshipError {
  const minutes = Math.max(1, Math.round(lifeMs / 60_000));
  return new TransshipError('invalid-response', `the credential of ${identity} lives for ${minutes} min only`, {
    retryable: true,
    hint: 'a token that ends with the one it was made from lives no longer than that; give that one more time, or impersonate an account',
  });
}

export function overAlready({ identity }: IssuedCredential): TransshipError {
  return new TransshipError('invalid-response', `the credential of ${identity} was over when it was issued`, {
    retryable: true,
    hint: 'the clock of the provider or of what it made the token from is wrong, or a cache on the way keeps old tokens',
  });
}

/** Of what nobody expected only the kind is told: its text may repeat what it choked on. */
export function unexpected(error: unknown): TransshipError {
  const kind = error instanceof Error ? error.name : typeof error;
  return new TransshipError('internal', `no credential was issued, for a reason that is not known here (${kind})`, {
    retryable: true,
    hint: 'this is a mistake in Transship or in a library of the provider: please report it',
  });
}

/** Full jitter under a doubling ceiling, with Retry-After as floor; what does not pass by itself waits for somebody. */
export function nextTryMs(error: TransshipError, count: number, random: () => number): number {
  if (!error.retryable) return FINAL_MS;
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(count, 20));
  return Math.max(Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS), Math.round(random() * ceiling));
}
