// A user name with a password or token that somebody else makes: personal and organisation tokens of Docker Hub and GitHub, robots of
// Quay and Harbor, plain users. Its end is what the configuration, the token itself, or the registry says.
import type { SecretReference } from '../config/config.ts';
import { acrAdminWarning } from './acr-identity.ts';
import type { ReadSecret } from './connection-material.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssueOptions, Issuer } from './issuer.ts';
import { earlier } from './token-expiry.ts';

export type StaticLogin = { username: string | SecretReference; password: SecretReference; expiresAt?: Date };

type Options = {
  host: string;
  hosts: readonly string[];
  login: StaticLogin;
  readSecret: ReadSecret;
  now: () => number;
  /** Asks the registry when this login ends; whatever stands in the way, undefined is an answer. */
  lookUpEnd?: (login: { username: string; password: string }, options: IssueOptions) => Promise<Date | undefined>;
};

/** How long before its end a login that nobody renews by itself is warned of. */
const WARN_MS = 14 * 24 * 3_600_000;

export function staticIssuer({ host, hosts, login, readSecret, now, lookUpEnd }: Options): Issuer {
  return {
    // The registry may be asked for the end, so that it belongs to what the credential depends on.
    id: JSON.stringify(['static', host, login]),
    hosts,
    async issue(options = {}) {
      const { username, password } = await readLogin(login, readSecret);
      const told = await lookUpEnd?.({ username, password: password.reveal() }, options);
      const expiresAt = earlier(told, login.expiresAt);
      return issuedCredential({
        registry: host,
        username,
        secret: password,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        warnings: [
          ...(expiresAt === undefined ? [] : warningsOf(host, username, expiresAt, now())),
          ...[acrAdminWarning(host, username)].filter((warning) => warning !== undefined),
        ],
        now: now(),
      });
    },
  };
}

/** @throws TransshipError invalid-config */
export async function readLogin({ username, password }: Pick<StaticLogin, 'username' | 'password'>, read: ReadSecret) {
  const name = typeof username === 'string' ? username : (await read(username)).reveal();
  return { username: name, password: await read(password) };
}

/** One line for a login whose end is near. */
export function warningsOf(host: string, username: string, expiresAt: Date, now: number): string[] {
  const days = Math.floor((expiresAt.getTime() - now) / (24 * 3_600_000));
  if (expiresAt.getTime() - now > WARN_MS) return [];
  const left = days < 1 ? 'in less than a day' : `in ${days} ${days === 1 ? 'day' : 'days'}`;
  return [`${username} of ${host} ends ${left} (${expiresAt.toISOString()}): renew it`];
}
