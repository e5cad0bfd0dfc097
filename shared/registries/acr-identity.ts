// What the host of an Azure Container Registry tells of itself: its name, and the cloud it is in.
import type { AzureCloud, AzureIdentity } from '../identity/azure.ts';

const CLOUDS: readonly [RegExp, AzureCloud][] = [
  [/\.azurecr\.us$/, 'us-government'],
  [/\.azurecr\.cn$/, 'china'],
];

/** The identity with the cloud that the host names, where nothing else does. */
export function inCloudOf(host: string, identity: AzureIdentity, env: NodeJS.ProcessEnv): AzureIdentity {
  if (identity.cloud !== undefined || (env['AZURE_AUTHORITY_HOST'] ?? '') !== '') return identity;
  const cloud = CLOUDS.find(([suffix]) => suffix.test(host))?.[1];
  return cloud === undefined ? identity : { ...identity, cloud };
}

const HOST = /^(?<name>[^.]+)\.(?:[^.]+\.geo\.)?azurecr\.(?:io|cn|us|de)$/;

/**
 * What to say of the admin user, whose name is the registry's; undefined for any other.
 * https://learn.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account
 */
export function acrAdminWarning(host: string, username: string): string | undefined {
  if (HOST.exec(host)?.groups?.['name'] !== username.toLowerCase()) return undefined;
  return `${username} is the admin user of ${host}: it may push and delete, and nobody can tell who used it; give clusters an identity with AcrPull or a token with a scope map, and disable the admin user`;
}
