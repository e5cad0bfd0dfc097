// The forms in which a configuration gives the credential of a registry, each as a source that reads nothing before it is asked.
import { anonymous, type Credential, type CredentialSource } from '../oci/auth/credential.ts';
import type { RegistryConfig } from '../config/config.ts';
import type { IssuerSurroundings } from './issuer-of-form.ts';
import type { ReadSecret } from './connection-material.ts';
import { credentialSource } from './credentials.ts';
import { serverUrl } from './docker-config-lookup.ts';
import { rememberedCredential } from './remembered-credential.ts';

type CredentialConfig = NonNullable<RegistryConfig['credential']>;

/**
 * The source for one registry. It throws TransshipError invalid-config, invalid-credential-file, credential-helper-failed, and
 * what the registry's cloud or vendor answers.
 */
export function configuredCredentials(
  registry: RegistryConfig,
  credential: CredentialConfig,
  surroundings: IssuerSurroundings,
): CredentialSource {
  if (typeof credential === 'object' && 'docker' in credential) {
    const { env, homeDir } = surroundings;
    const { file } = credential.docker;
    const named = file === undefined ? {} : { authfile: file, askedBy: 'the configuration' as const };
    return credentialSource({ env, homeDir, ...named });
  }
  const source = sourceOf(registry, credential, surroundings);
  const origin = `the entry registries: ${registry.host} of the configuration`;
  return async (scope) => ({ ...(await source(scope)), origin });
}

function sourceOf(
  registry: RegistryConfig,
  credential: Exclude<CredentialConfig, { docker: unknown }>,
  surroundings: IssuerSurroundings,
): CredentialSource {
  const { env, readSecret } = surroundings;
  if (credential === 'anonymous') return () => Promise.resolve(anonymous);
  if ('password' in credential) return rememberedCredential(() => login(credential, readSecret));
  if ('helper' in credential) return rememberedCredential(() => askHelper(credential.helper, registry.host, env));
  // What is made for clusters by turns is not for us to take from them: who may make it logs in as itself.
  if ('harborRobots' in credential) {
    const { admin } = credential.harborRobots;
    return rememberedCredential(() => login(admin, readSecret));
  }
  if ('gitlabDeployToken' in credential) {
    const { token } = credential.gitlabDeployToken;
    return rememberedCredential(() => login({ username: 'transship', password: token }, readSecret));
  }
  // Nor are the passwords of a token of ACR: the identity that makes them logs in itself.
  const { registryToken: _, ...azure } = 'azure' in credential ? credential.azure : {};
  return byIssuer({ ...registry, credential: 'azure' in credential ? { azure } : credential }, surroundings);
}

/** The issuers are loaded when a registry asks for the first login: most copies need none of them. */
function byIssuer(registry: RegistryConfig, surroundings: IssuerSurroundings): CredentialSource {
  let source: CredentialSource | undefined;
  return async (scope) => {
    if (source === undefined) {
      const { openIssuers } = await import('./configured-issuers.ts');
      const { credentialsOf } = await import('./credentials-of.ts');
      source ??= credentialsOf(openIssuers([registry], surroundings).of(registry.host), surroundings.now);
    }
    return source(scope);
  };
}

async function login(
  { username, password }: Pick<Extract<CredentialConfig, { password: unknown }>, 'username' | 'password'>,
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
