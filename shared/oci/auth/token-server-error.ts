// Turns a token server's refusal into an error that names its host (never its query, never its body) and says how to mend it.
import { TransshipError } from '../../errors.ts';
import type { TokenResponse } from './authorization.ts';
import type { Credential } from './credential.ts';
import { describeLogin, loginHint } from './login.ts';
import { parseRetryAfter } from '../http/retry-after.ts';

/** `time` is now, in milliseconds since the epoch, for a Retry-After that names a date. */
export function tokenServerError(
  { status, headers }: TokenResponse,
  registry: string,
  realm: URL,
  credential: Credential,
  time: number,
): TransshipError {
  const details = { registry, operation: 'fetch token', status, realm: realm.host };
  const where = `the token server ${realm.host} of ${registry}`;
  if (status === 401 || status === 403) {
    const anonymous = credential.kind === 'anonymous';
    return new TransshipError('unauthorized', `${where} refused ${describeLogin(credential)} (${status})`, {
      hint: loginHint(registry, credential),
      details: { ...details, anonymous },
    });
  }
  if (status === 429 || status >= 500 || status === 408) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], new Date(time));
    return new TransshipError(
      status === 429 ? 'too-many-requests' : 'registry-unavailable',
      `${where} answered ${status}`,
      {
        hint: 'try again later',
        retryable: true,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        details,
      },
    );
  }
  if (status >= 300 && status < 400) {
    return new TransshipError(
      'invalid-response',
      `${where} redirects (${status}), which is not followed with credentials`,
      {
        hint: 'let the registry name the final address of its token server in the realm of its challenge',
        details,
      },
    );
  }
  return new TransshipError('registry-error', `${where} answered ${status} to a token request`, {
    hint: 'check the token server of the registry (the realm of its challenge)',
    details,
  });
}
