// An access token of Google with its real end, by whatever credentials there are, as the service account that is wanted.
import type { AuthClient } from 'google-auth-library';
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { clockOffset } from './clock-offset.ts';
import type { GoogleIdentity, GoogleSurroundings } from './google.ts';
import type { CloudAgent } from './cloud-agent.ts';
import { googleClient, sendBy } from './google-client.ts';
import { googleError } from './google-error.ts';
import { generateAccessToken } from './google-impersonation.ts';
import { openCloudAgent } from './open-cloud-agent.ts';
import { within } from './time-limit.ts';

export type GoogleToken = { token: Secret; expiresAt: Date; identity: string; warnings: readonly string[] };

export const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

const TIMEOUT_MS = 60_000;
/** Of a token whose end nobody told: so short that nobody keeps it. */
const UNTOLD_LIFE_MS = 5 * 60_000;
const SHORT_LIFE_MS = 30 * 60_000;

/** Asks anew at each call. @throws TransshipError */
export async function googleToken(
  { impersonate, file }: GoogleIdentity,
  scopes: readonly string[],
  surroundings: GoogleSurroundings,
): Promise<GoogleToken> {
  const { env, now, signal } = surroundings;
  let agent: CloudAgent | undefined;
  try {
    agent = await openCloudAgent(env);
    const { client, identity, act } = await googleClient(file, scopes);
    if (agent !== undefined) sendBy(agent, client);
    // What is traded for a token is sent again by a redirect, to wherever that leads.
    client.transporter.defaults.redirect = 'error';
    const own = await within(TIMEOUT_MS, signal, 'Google', () => ownToken(client, now));
    // first whom the credentials themselves act as, then whom the configuration wants
    const chain = [act, impersonate].filter((email) => email !== undefined);
    const target = chain.at(-1);
    if (target === undefined) return { ...own, identity, warnings: warningsOf(own, now()) };
    const delegates = chain.slice(0, -1);
    const token = await generateAccessToken(
      { target, delegates, source: own.token, sourceName: identity, scopes },
      surroundings,
    );
    return { ...token, identity: target, warnings: [] };
  } catch (error) {
    throw googleError(error, file);
  } finally {
    agent?.destroy();
  }
}

type OwnToken = { token: Secret; expiresAt: Date; isFederated: boolean };

async function ownToken(client: AuthClient, now: () => number): Promise<OwnToken> {
  const { BaseExternalAccountClient } = (await import('google-auth-library')).default;
  const isFederated = client instanceof BaseExternalAccountClient && client.getServiceAccountEmail() === null;
  const subject = isFederated ? rememberSubject(client) : undefined;
  const { token, res } = await client.getAccessToken();
  const receivedAt = now();
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new TransshipError('invalid-response', 'Google answered without an access token', {
      hint: 'look whether a proxy answers in place of Google',
      retryable: true,
      details: { operation: 'log in to Google' },
    });
  }
  const stated = client.credentials.expiry_date;
  // the end of an impersonated token is a time of day on Google's clock; all others are lives
  const isTimeOfDay = client instanceof BaseExternalAccountClient && !isFederated;
  const offsetMs = isTimeOfDay ? clockOffset(res?.headers.get('date') ?? undefined, receivedAt) : 0;
  const ends = [typeof stated === 'number' ? stated - offsetMs : receivedAt + UNTOLD_LIFE_MS, subject?.endsAt()];
  const expiresAt = Math.min(...ends.filter((end) => end !== undefined));
  return { token: new Secret(token), expiresAt: new Date(expiresAt), isFederated };
}

/** A token that is traded for another one bounds its life: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
function rememberSubject(client: { retrieveSubjectToken(): Promise<string> }): { endsAt(): number | undefined } {
  const retrieve = client.retrieveSubjectToken.bind(client);
  let exp: number | undefined;
  client.retrieveSubjectToken = async () => {
    const subject = await retrieve();
    exp = endOfJwt(subject);
    return subject;
  };
  return { endsAt: () => exp };
}

function endOfJwt(token: string): number | undefined {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (payload === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

function warningsOf({ isFederated, expiresAt }: OwnToken, now: number): string[] {
  const lifeMs = expiresAt.getTime() - now;
  if (!isFederated || lifeMs >= SHORT_LIFE_MS) return [];
  const minutes = Math.max(0, Math.round(lifeMs / 60_000));
  return [
    `a federated token lives as long as the token it was traded for, here ${minutes} min: impersonate a service account for an hour`,
  ];
}
