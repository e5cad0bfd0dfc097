// Acts as a service account of Google: trades the token of another identity for one of its own.
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { clockOffset } from './clock-offset.ts';
import type { GoogleSurroundings } from './google.ts';
import { callJson, isRecord } from './json-call.ts';
import { statusError } from './status-error.ts';

type Wanted = {
  /** E-mail address of the service account. */
  target: string;
  /** Those between, each of which may act as the next one. */
  delegates: readonly string[];
  source: Secret;
  sourceName: string;
  scopes: readonly string[];
};

const WHAT = 'Google iamcredentials generateAccessToken';
/** As gcloud knows it, for private endpoints. */
const ENDPOINT = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS';

/** @throws TransshipError */
export async function generateAccessToken(
  { target, delegates, source, sourceName, scopes }: Wanted,
  { env, now, signal }: GoogleSurroundings,
): Promise<{ token: Secret; expiresAt: Date }> {
  const base = env[ENDPOINT] ?? 'https://iamcredentials.googleapis.com/';
  const answer = await callJson({
    method: 'POST',
    url: new URL(`v1/projects/-/serviceAccounts/${encodeURIComponent(target)}:generateAccessToken`, base),
    headers: { authorization: `Bearer ${source.reveal()}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      scope: scopes,
      lifetime: '3600s',
      ...(delegates.length === 0 ? {} : { delegates: delegates.map((email) => `projects/-/serviceAccounts/${email}`) }),
    }),
    what: WHAT,
    env,
    signal,
  });
  const { status, headers, body = {} } = answer;
  if (status !== 200) {
    const error = isRecord(body['error']) ? body['error'] : {};
    throw statusError({
      what: `${WHAT} for ${target}`,
      status,
      reason: typeof error['status'] === 'string' ? error['status'] : undefined,
      hint: `grant roles/iam.serviceAccountTokenCreator on ${target} to ${sourceName}, and enable iamcredentials.googleapis.com`,
    });
  }
  const { accessToken, expireTime } = body;
  const end = typeof expireTime === 'string' ? Date.parse(expireTime) : Number.NaN;
  if (typeof accessToken !== 'string' || accessToken === '' || Number.isNaN(end)) {
    throw new TransshipError('invalid-response', `${WHAT}: the answer has no token or no end of it`, {
      hint: 'look whether a proxy answers in place of Google',
      retryable: true,
      details: { operation: WHAT, status },
    });
  }
  return { token: new Secret(accessToken), expiresAt: new Date(end - clockOffset(headers['date'], now())) };
}
