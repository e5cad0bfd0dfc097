// The forms in which a configuration gives the credential of a registry, each as a source that reads nothing before it is asked.
import { TransshipError } from '../errors.ts';
import { anonymous, type Credential, type CredentialSource } from '../oci/credential.ts';
import type { RegistryConfig } from '../config/config.ts';
import type { ReadSecret } from './connection-material.ts';
import { credentialSource } from './credentials.ts';
import { serverUrl } from './docker-config-lookup.ts';
import type { LocationOptions } from './docker-config-locations.ts';
import { rememberedCredential } from './remembered-credential.ts';
import type { Vendor } from './vendor.ts';

type CredentialConfig = NonNullable<RegistryConfig['credential']>;

export type CredentialSurroundings = Pick<LocationOptions, 'env' | 'homeDir'> & { readSecret: ReadSecret };

/**
 * The source for one registry. It throws TransshipError invalid-config, invalid-credential-file, credential-helper-failed, and
 * what the registry's cloud answers.
 */
export function configuredCredentials(
  place: { host: string; vendor: Vendor },
  credential: CredentialConfig,
  surroundings: CredentialSurroundings,
): CredentialSource {
  if (typeof credential === 'object' && 'docker' in credential) {
    const { env, homeDir } = surroundings;
    const { file } = credential.docker;
    const named = file === undefined ? {} : { authfile: file, askedBy: 'the configuration' as const };
    return credentialSource({ env, homeDir, ...named });
  }
  const source = sourceOf(place, credential, surroundings);
  const origin = `the entry registries: ${place.host} of the configuration`;
  return async (scope) => ({ ...(await source(scope)), origin });
}

function sourceOf(
  { host, vendor }: { host: string; vendor: Vendor },
  credential: Exclude<CredentialConfig, { docker: unknown }>,
  { env, readSecret }: CredentialSurroundings,
): CredentialSource {
  if (credential === 'anonymous') return () => Promise.resolve(anonymous);
  if ('password' in credential) return rememberedCredential(() => login(credential, readSecret));
  if ('helper' in credential) return rememberedCredential(() => askHelper(credential.helper, host, env));
  if ('aws' in credential && vendor.cloudLogin !== undefined) return vendor.cloudLogin(host, credential);
  const cloud = 'aws' in credential ? 'aws' : 'google' in credential ? 'google' : 'azure';
  return () => Promise.reject(notOffered(host, cloud));
}

async function login(
  { username, password }: Extract<CredentialConfig, { password: unknown }>,
  readSecret: ReadSecret,
): Promise<Credential> {
  const name = typeof username === 'string' ? username : (await readSecret(username)).reveal();
  return { kind: 'basic', username: name, password: await readSecret(password) };
}

async function askHelper(name: string, host: string, env: NodeJS.ProcessEnv): Promise<Credential> {
  // Loaded when the first helper is asked: most runs need no child process.
  const { askCredentialHelper } = await import('./credential-helper.ts');
  return (await askCredentialHelper(name, serverUrl(host), { env })) ?? anonymous;
}

const HELPERS = { aws: 'ecr-login', google: 'gcloud', azure: 'acr-env' };

function notOffered(host: string, cloud: keyof typeof HELPERS): TransshipError {
  return new TransshipError('invalid-config', `${host}: credential { ${cloud}: … } is not offered for this registry`, {
    hint: `use a credential helper, as Docker does: credential: { helper: ${HELPERS[cloud]} }`,
    details: { registry: host, operation: 'log in' },
  });
}
