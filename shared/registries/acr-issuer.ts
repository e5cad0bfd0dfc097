// Credentials of Azure Container Registry by an identity of Azure: its access token is traded for a refresh token of the registry.
// https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
import { type AzureIdentity, describeAzureIdentity } from '../identity/azure.ts';
import { inCloudOf } from './acr-identity.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

/** Azure's library is loaded when the first credential is asked for. */
export function acrIssuer(place: IssuerPlace, identity: AzureIdentity, now: () => number = Date.now): Issuer {
  const { host, aliases, env } = place;
  const who = inCloudOf(host, identity, env);
  const { registryToken } = identity;
  const hosts = [...new Set([host, ...aliases])];
  if (registryToken !== undefined) {
    return {
      id: `acr token: ${registryToken.id.toLowerCase()} by ${describeAzureIdentity(who)}`,
      hosts,
      issue: async (options) =>
        (await import('./acr-registry-token.ts')).issueRegistryToken(
          place,
          { identity: who, ...registryToken },
          now,
          options,
        ),
    };
  }
  return {
    id: `acr: ${host} by ${describeAzureIdentity(who)}`,
    hosts,
    issue: async (options) => (await import('./acr-exchange.ts')).exchangeForRegistry(place, who, now, options),
  };
}
