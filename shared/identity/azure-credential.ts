// The credential of Azure's library for an identity. It asks nobody before it is used.
// https://learn.microsoft.com/en-us/javascript/api/overview/azure/identity-readme
import { createPrivateKey } from 'node:crypto';
import type { TokenCredential, TokenCredentialOptions } from '@azure/identity';
import { TransshipError } from '../errors.ts';
import { type AzureIdentity, azureEndpoints } from './azure.ts';
import type { CloudAgent } from './cloud-agent.ts';

type Policy = NonNullable<TokenCredentialOptions['additionalPolicies']>[number]['policy'];

const MOST_RETRIES = 2;

/** @param agent by which it asks; absent: as the library finds its way. @throws TransshipError invalid-config */
export async function azureCredential(
  identity: AzureIdentity,
  env: NodeJS.ProcessEnv,
  agent?: CloudAgent,
): Promise<TokenCredential> {
  const library = await import('@azure/identity');
  const { tenantId, clientId, clientSecret, certificate, federatedTokenFile } = identity;
  const options = {
    ...authority(identity, env),
    ...(agent === undefined ? {} : sentBy(agent)),
    retryOptions: { maxRetries: MOST_RETRIES, retryDelayInMs: 300, maxRetryDelayInMs: 3_000 },
  };
  if (clientSecret !== undefined) {
    const { tenant, client } = application(identity);
    return new library.ClientSecretCredential(tenant, client, (await clientSecret.read()).reveal(), options);
  }
  if (certificate !== undefined) {
    const { tenant, client } = application(identity);
    const pem = (await certificate.read()).reveal();
    checkCertificate(pem, certificate.name);
    return new library.ClientCertificateCredential(tenant, client, { certificate: pem }, options);
  }
  if (federatedTokenFile !== undefined) {
    const { tenant, client } = application({
      tenantId: tenantId ?? env['AZURE_TENANT_ID'],
      clientId: clientId ?? env['AZURE_CLIENT_ID'],
    });
    return new library.WorkloadIdentityCredential({
      ...options,
      tenantId: tenant,
      clientId: client,
      tokenFilePath: federatedTokenFile,
    });
  }
  return new library.DefaultAzureCredential({
    ...options,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(clientId === undefined ? {} : { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
  });
}

/** Managed identities drop the policy and keep the agent: theirs are asked without TLS, on the machine itself. */
function sentBy(agent: CloudAgent) {
  const policy: Policy = {
    name: 'transshipAgents',
    sendRequest(request, next) {
      request.agent = agent;
      return next(request);
    },
  };
  return { agent, additionalPolicies: [{ policy, position: 'perCall' as const }] };
}

/** The library's own complaints quote what stands there, or name nothing. */
function checkCertificate(pem: string, name: string): void {
  if (!/-----BEGIN CERTIFICATE-----/.test(pem) || !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw unusable(`${name} is not a certificate with its private key in PEM`, 'put both into it, one after the other');
  }
  if (keyType(pem) !== 'rsa') {
    throw unusable(`${name} has no private key that Entra ID takes`, 'give an RSA key without a passphrase');
  }
}

function keyType(pem: string): string | undefined {
  try {
    return createPrivateKey(pem).asymmetricKeyType;
  } catch {
    return undefined;
  }
}

/** One that the library does not know is not asked about at Microsoft's own: a private cloud may not reach that. */
function authority(identity: AzureIdentity, env: NodeJS.ProcessEnv) {
  if (identity.cloud !== undefined) return { authorityHost: azureEndpoints(identity).authority };
  const host = URL.parse(env['AZURE_AUTHORITY_HOST'] ?? '')?.hostname;
  const isKnown = host === undefined || /^login\.(?:[a-z]+\.)?(?:microsoftonline|chinacloudapi)\./.test(host);
  return isKnown ? {} : { disableInstanceDiscovery: true };
}

function application({ tenantId, clientId }: Pick<AzureIdentity, 'tenantId' | 'clientId'>) {
  if (tenantId !== undefined && clientId !== undefined) return { tenant: tenantId, client: clientId };
  const missing = tenantId === undefined ? 'tenantId' : 'clientId';
  throw unusable(
    `${missing} is missing`,
    `give tenantId and clientId of the application, beside its secret, certificate or token`,
  );
}

function unusable(problem: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', `the identity for Azure cannot be used: ${problem}`, {
    hint,
    details: { operation: 'log in to Azure' },
  });
}
