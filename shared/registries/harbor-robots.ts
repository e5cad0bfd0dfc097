// Secrets of two robot accounts of Harbor by turns: a robot has one secret, so that the one in use must stay as it is.
//
//   generation   g          g+1        g+2           each lasts `everyMs` by Harbor's clock
//   robot A      secret g ─────────────▶ secret g+2
//   robot B                 secret g+1 ─────────────▶
//
// Nothing is kept between runs. The generation follows from the clock, the robot from the generation, and the secret from both and a key,
// so that every process makes the same, at any time and as often as it likes: a crash before or after the call to Harbor, or two processes
// at once, end in the same state. A secret is overwritten two generations after its own, and says so by its end.
// https://goharbor.io/docs/2.13.0/administration/robot-accounts/
import { createHmac } from 'node:crypto';
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { findRobots, setRobotSecret, type RobotAccount, type RobotAsker } from './harbor-robot-accounts.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssueOptions, Issuer } from './issuer.ts';
import { warningsOf } from './static-issuer.ts';
import { earlier } from './token-expiry.ts';
import { ownApi, type ApiPlace } from './vendor-api.ts';

export type HarborRobots = {
  /** By their full names; nothing else may use them. */
  robots: readonly [string, string];
  readAdmin: () => Promise<{ username: string; password: Secret }>;
  readKey: () => Promise<Secret>;
  /** Where they stand, for the issuer's id. */
  sourceName: string;
  everyMs: number;
};

const LEAST_KEY_CHARACTERS = 16;

export function harborRobotsIssuer(
  place: ApiPlace,
  hosts: readonly string[],
  { robots: names, readAdmin, readKey, sourceName, everyMs }: HarborRobots,
  now: () => number,
): Issuer {
  return {
    id: JSON.stringify(['harborRobots', place.host, names, everyMs, sourceName]),
    hosts,
    async issue({ signal }: IssueOptions = {}) {
      const key = await readLongKey(readKey, place.host);
      const { username, password } = await readAdmin();
      const login = { username, password: password.reveal() };
      const asker: RobotAsker = { registry: place.host, api: ownApi(place), login, now, signal };
      const { robots, clockAt } = await findRobots(asker, names);
      const generation = Math.floor(clockAt.getTime() / everyMs);
      const turn = generation % 2 === 0 ? 0 : 1;
      const name = names[turn];
      const robot = usable(robots[turn], name, place.host);
      const secret = secretOf(key, place.host, name, generation);
      await setRobotSecret(asker, robot.id, secret);
      const at = now();
      const overwrittenAt = new Date((generation + 2) * everyMs - clockAt.getTime() + at);
      return issuedCredential({
        registry: place.host,
        username: name,
        secret,
        expiresAt: earlier(robot.endsAt, overwrittenAt) ?? overwrittenAt,
        warnings: robots.flatMap(({ endsAt }, index) =>
          endsAt === undefined ? [] : warningsOf(place.host, names[index] ?? name, endsAt, at),
        ),
        now: at,
      });
    },
  };
}

/** Harbor wants small and large letters and a digit: the end sees to it. */
function secretOf(key: Secret, host: string, robot: string, generation: number): Secret {
  const derived = createHmac('sha256', key.reveal())
    .update(JSON.stringify([host, robot, generation]))
    .digest('base64url');
  return new Secret(`${derived}aZ9`);
}

async function readLongKey(readKey: () => Promise<Secret>, host: string): Promise<Secret> {
  const key = await readKey();
  if (key.reveal().length >= LEAST_KEY_CHARACTERS) return key;
  throw new TransshipError('invalid-config', `the key of harborRobots for ${host} is too short`, {
    hint: `give it at least ${LEAST_KEY_CHARACTERS} characters that nobody can guess: openssl rand -base64 32`,
    details: { registry: host, operation: 'issue credential' },
  });
}

/** One that Harbor logs in, but gives no access to, is of no use to a cluster (goharbor/harbor#15110). */
function usable(robot: RobotAccount | undefined, name: string, host: string): RobotAccount {
  if (robot !== undefined && !robot.isDisabled) return robot;
  throw new TransshipError('denied', `${host}: robot account ${name} is disabled`, {
    hint: 'enable it in Harbor; what clusters hold stays as it is',
    details: { registry: host, operation: 'issue credential' },
  });
}
