// Who we are to Azure: an application with a secret, a certificate or a federated token, a managed identity, or the default chain.
import type { SecretSource } from './secret-source.ts';

export type AzureIdentity = {
  tenantId?: string | undefined;
  /** The application, or the user-assigned managed identity. */
  clientId?: string | undefined;
  clientSecret?: SecretSource | undefined;
  /** Certificate and private key in PEM, one after the other. */
  certificate?: SecretSource | undefined;
  /** A token of another issuer that the application trusts, written anew by whoever rotates it. */
  federatedTokenFile?: string | undefined;
  /** The public one, if absent. */
  cloud?: AzureCloud | undefined;
  /**
   * The passwords of a token of the registry's own go into the clusters, made by this identity: the token's resource ID,
   * `/subscriptions/…/registries/…/tokens/…`, and how long each password lives. Copies log in by the identity itself.
   */
  registryToken?: { id: string; lifeMs?: number | undefined } | undefined;
};

export type AzureCloud = 'public' | 'us-government' | 'china';

/** Where the token servers and the resource manager of a cloud are. */
export type AzureEndpoints = { authority: string; resourceManager: string };

// https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud
const CLOUDS: Readonly<Record<AzureCloud, AzureEndpoints>> = {
  public: { authority: 'https://login.microsoftonline.com', resourceManager: 'https://management.azure.com' },
  'us-government': {
    authority: 'https://login.microsoftonline.us',
    resourceManager: 'https://management.usgovcloudapi.net',
  },
  china: {
    authority: 'https://login.partner.microsoftonline.cn',
    resourceManager: 'https://management.chinacloudapi.cn',
  },
};

export function azureEndpoints({ cloud = 'public' }: AzureIdentity): AzureEndpoints {
  return CLOUDS[cloud];
}

/** In words for people and for the id of an issuer: the same words, the same identity. */
export function describeAzureIdentity(identity: AzureIdentity): string {
  const { tenantId, clientId, clientSecret, certificate, federatedTokenFile, cloud } = identity;
  const by = clientSecret ?? certificate;
  const proof =
    by === undefined
      ? federatedTokenFile === undefined
        ? ''
        : ` by the token in ${federatedTokenFile}`
      : ` by ${by.name}`;
  const who = clientId === undefined ? "Azure's default identity" : `the Azure identity ${clientId}`;
  const where = [tenantId === undefined ? '' : ` of tenant ${tenantId}`, cloud === undefined ? '' : ` in ${cloud}`];
  return `${who}${proof}${where.join('')}`;
}
