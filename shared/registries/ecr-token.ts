// The authorization token of ECR, private and public: user and password in one text, and when they end by AWS's own clock.
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssuedCredential } from './issuer.ts';

type Token = {
  registry: string;
  authorizationToken: string | undefined;
  /** On AWS's clock; absent: it did not say, and who asks again soon is on the safe side. */
  expiresAt: Date | undefined;
  /** By how much AWS's clock is ahead of ours. */
  clockOffsetMs: number;
  now: number;
  identity: string;
};

/** Of a token whose end is not told: so short that nobody keeps it. */
const UNTOLD_LIFE_MS = 15 * 60 * 1000;
/** What AWS documents; taken where the end that was told is over already, by a clock that is wrong here or there. */
const TOKEN_LIFE_MS = 12 * 60 * 60 * 1000;

/** @throws TransshipError invalid-response, unauthorized where the token itself says that it is over */
export function parseEcrToken(token: Token): IssuedCredential {
  const { registry, authorizationToken, expiresAt, clockOffsetMs, now, identity } = token;
  const login = Buffer.from(authorizationToken ?? '', 'base64').toString('utf8');
  // the password may have colons of its own
  const end = login.indexOf(':');
  if (end < 1 || end === login.length - 1) throw unusable(registry);
  const told = (expiresAt?.getTime() ?? Number.NaN) - clockOffsetMs;
  return issuedCredential({
    registry,
    username: login.slice(0, end),
    secret: new Secret(login.slice(end + 1)),
    expiresAt: new Date(Number.isNaN(told) ? now + UNTOLD_LIFE_MS : told > now ? told : now + TOKEN_LIFE_MS),
    clockAt: new Date(now + clockOffsetMs),
    now,
    identity,
    ...(Number.isNaN(told) ? { warnings: ['AWS did not say when the token ends: it is asked anew each time'] } : {}),
  });
}

function unusable(registry: string): TransshipError {
  return new TransshipError('invalid-response', `${registry}: the authorization token of ECR is not "user:password"`, {
    hint: 'check the address of the AWS API (AWS_ENDPOINT_URL)',
    details: { registry, operation: 'log in' },
  });
}
