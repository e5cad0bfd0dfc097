// The credential in use per repository: loaded when a challenge asks for it, kept until a registry refuses it.
import { createHash } from 'node:crypto';
import type { Credential, CredentialSource } from './credential.ts';

/** A credential and a fingerprint of it, which tells identities apart without holding their secret. */
export type Login = { credential: Credential; identity: string };

export type Logins = {
  /** The login for a repository (undefined: for the registry as a whole), renewed when it is time; concurrent callers share one load. */
  current(repository: string | undefined): Promise<Login>;
  /** A login that was loaded after `stale` was refused; it may hold the same credential. */
  renew(repository: string | undefined, stale: Login): Promise<Login>;
  /** The login last used for a repository, if it is known. */
  known(repository: string | undefined): Login | undefined;
};

const MOST_REPOSITORIES = 500;
const WORDS = {
  anonymous: 'the anonymous request',
  identityToken: 'the identity token',
  registryToken: 'the registry token',
};

export function createLogins(registry: string, credentials: CredentialSource, now: () => number = Date.now): Logins {
  const logins = new Map<string, { loading: Promise<Login>; login?: Login }>();

  const current = (repository: string | undefined, refused?: Credential): Promise<Login> => {
    const key = repository ?? '';
    const kept = logins.get(key);
    if (kept !== undefined && !isOverdue(kept.login)) return kept.loading;
    const entry: { loading: Promise<Login>; login?: Login } = { loading: load(repository, refused) };
    logins.set(key, entry);
    const [oldest] = logins.keys();
    if (logins.size > MOST_REPOSITORIES && oldest !== undefined) logins.delete(oldest);
    entry.loading.then(
      (login) => (entry.login = login),
      () => logins.get(key) === entry && logins.delete(key),
    );
    return entry.loading;
  };

  const isOverdue = (login: Login | undefined): boolean => {
    const credential = login?.credential;
    return credential?.kind === 'basic' && credential.renewAt !== undefined && credential.renewAt.getTime() <= now();
  };

  const load = async (repository: string | undefined, refused?: Credential): Promise<Login> => {
    const credential = await credentials({
      registry,
      ...(repository === undefined ? {} : { repository }),
      ...(refused === undefined ? {} : { refused }),
    });
    return { credential, identity: identityOf(credential) };
  };

  return {
    current: (repository) => current(repository),
    async renew(repository, stale) {
      const key = repository ?? '';
      const kept = logins.get(key);
      const login = await kept?.loading;
      if (login !== undefined && login !== stale) return login;
      if (logins.get(key) === kept) logins.delete(key);
      return current(repository, stale.credential);
    },
    known: (repository) => logins.get(repository ?? '')?.login,
  };
}

/** The Basic header of a credential; identity tokens go under the user name that Docker reserves for them. */
export function basicHeader(credential: Credential): string | undefined {
  if (credential.kind === 'basic') return encodeBasic(credential.username, credential.password.reveal());
  if (credential.kind === 'identityToken') return encodeBasic('<token>', credential.token.reveal());
  return undefined;
}

/** A credential in words for a message. */
export function describeLogin(credential: Credential): string {
  if (credential.kind === 'basic') return `the login of "${credential.username}"`;
  return WORDS[credential.kind];
}

/** How to log in, or log in better. */
export function loginHint(registry: string, credential: Credential | undefined): string {
  if (credential?.origin !== undefined) {
    return credential.kind === 'anonymous'
      ? `${credential.origin} says that there is no login: give it a credential`
      : `check that the login in ${credential.origin} is still valid and has the rights`;
  }
  const login = `"docker login ${registry}", or name another file with --authfile`;
  if (credential === undefined || credential.kind === 'anonymous')
    return `no credential for ${registry} was found: log in with ${login}`;
  return `check that this login is still valid and has the rights; log in again with ${login}`;
}

function encodeBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function identityOf(credential: Credential): string {
  if (credential.kind === 'anonymous') return 'anonymous';
  const parts =
    credential.kind === 'basic' ? [credential.username, credential.password.reveal()] : [credential.token.reveal()];
  return createHash('sha256')
    .update(JSON.stringify([credential.kind, ...parts]))
    .digest('hex');
}
