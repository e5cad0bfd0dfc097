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
