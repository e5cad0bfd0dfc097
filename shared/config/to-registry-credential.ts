// Makes of a registry's `credential` in the form of the file what the registries work with: durations in milliseconds, times as dates.
// Secrets stay references.
import type { ConfigFile } from './schema/schema.ts';
import { parseDuration } from './units.ts';

type CredentialFile = NonNullable<ConfigFile['registries'][string]['credential']>;
type Form<Key extends string> = Extract<CredentialFile, Record<Key, unknown>>;

export type RegistryCredential = ReturnType<typeof toRegistryCredential>;

export function toRegistryCredential(credential: CredentialFile) {
  if (credential === 'anonymous') return credential;
  if ('password' in credential) return toPassword(credential);
  if ('azure' in credential) return toAzure(credential);
  if ('githubApp' in credential) return toGithubApp(credential);
  if ('harborRobots' in credential) return toHarborRobots(credential);
  if ('gitlabDeployToken' in credential) return toDeployToken(credential);
  return credential;
}

function toPassword({ username, password, expiresAt }: Form<'password'>) {
  return { username, password, ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }) };
}

function toAzure({ azure: { registryToken, ...azure } }: Form<'azure'>) {
  const { id, life } = registryToken ?? {};
  const token = id === undefined ? undefined : { id, ...(life === undefined ? {} : { lifeMs: parseDuration(life) }) };
  return { azure: { ...azure, ...(token === undefined ? {} : { registryToken: token }) } };
}

function toGithubApp({ githubApp: { appId, installationId, ...rest } }: Form<'githubApp'>) {
  return { githubApp: { ...rest, appId: String(appId), installationId: String(installationId) } };
}

/** The schema sees to it that there are two robots. */
function toHarborRobots({ harborRobots: { every, robots, ...rest } }: Form<'harborRobots'>) {
  const [one = '', other = ''] = robots;
  return { harborRobots: { ...rest, robots: [one, other] as const, everyMs: parseDuration(every) } };
}

function toDeployToken({ gitlabDeployToken: { life, grace, ...rest } }: Form<'gitlabDeployToken'>) {
  return { gitlabDeployToken: { ...rest, lifeMs: parseDuration(life), graceMs: parseDuration(grace) } };
}
