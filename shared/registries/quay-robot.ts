// Tokens of a federated robot account of Quay: what another issuer says of us (a ServiceAccount's token, mostly) is traded for an hour.
// https://docs.redhat.com/en/documentation/red_hat_quay/3.13/html/manage_red_hat_quay/keyless-authentication-robot-accounts
import type { SecretSource } from '../identity/secret-source.ts';
import { Secret } from '../telemetry/secret.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssueOptions, Issuer } from './issuer.ts';
import { isObject } from './tag-digest-pages.ts';
import { tokenExpiry } from './token-expiry.ts';
import { ownApi, unusableAnswer, type ApiPlace } from './vendor-api.ts';

export type QuayRobot = {
  /** `org+robot` */
  robot: string;
  /** The other token. */
  subject: SecretSource;
};

/** Of a token that does not tell its end: an hour is what they live, and without an end it would never be renewed. */
const UNTOLD_LIFE_MS = 30 * 60_000;
const OPERATION = 'trade a token for one of the robot account';

export function quayRobotIssuer(
  place: ApiPlace,
  hosts: readonly string[],
  { robot, subject }: QuayRobot,
  now: () => number,
): Issuer {
  return {
    id: JSON.stringify(['quayRobot', place.host, robot, subject.name]),
    hosts,
    async issue({ signal }: IssueOptions = {}) {
      const login = Buffer.from(`${robot}:${(await subject.read()).reveal()}`).toString('base64');
      const api = ownApi(place);
      const { json, clockAt } = await api.send({
        operation: OPERATION,
        method: 'GET',
        path: '/oauth2/federation/robot/token',
        headers: { authorization: new Secret(`Basic ${login}`) },
        expect: [200],
        hints: {
          unauthorized: `the federation of ${robot} must name issuer and subject of ${subject.name}, which must not have ended`,
          denied: `the federation of ${robot} must name issuer and subject of ${subject.name}`,
          'not-found': 'robot federation needs Quay 3.13 or later',
        },
        ...(signal === undefined ? {} : { signal }),
      });
      const { token } = isObject(json) ? json : {};
      if (typeof token !== 'string' || token === '') {
        throw unusableAnswer({ registry: place.host, host: api.host, operation: OPERATION, reason: 'it has no token' });
      }
      const at = now();
      return issuedCredential({
        registry: place.host,
        username: robot,
        secret: new Secret(token),
        clockAt,
        ...(tokenExpiry(token) === undefined ? { expiresAt: new Date(at + UNTOLD_LIFE_MS) } : {}),
        now: at,
      });
    },
  };
}
