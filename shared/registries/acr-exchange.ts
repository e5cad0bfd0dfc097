// Trades an access token of Entra ID for a refresh token of one registry, at that registry and nowhere else.
// https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md#calling-post-oauth2exchange-to-get-an-acr-refresh-token
import { type AzureIdentity, azureEndpoints } from '../identity/azure.ts';
import { azureToken } from '../identity/azure-token.ts';
import { Secret } from '../telemetry/secret.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssuedCredential, IssueOptions } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';
import { ownApi, unusableAnswer } from './vendor-api.ts';

/** That the password is a token says the registry's own user name. */
const USERNAME = '00000000-0000-0000-0000-000000000000';
const AUDIENCE = 'https://containerregistry.azure.net/.default';
/** Of a token whose end cannot be read: so short that nobody keeps it. */
const UNTOLD_LIFE_MS = 15 * 60_000;

/** @throws TransshipError */
export async function exchangeForRegistry(
  place: IssuerPlace,
  identity: AzureIdentity,
  now: () => number,
  { signal }: IssueOptions = {},
): Promise<IssuedCredential> {
  const { host } = place;
  const env = await cloudEnvironment(place);
  // Registries outside of Azure know the resource manager's audience only: https://github.com/Azure/azure-cli/issues/33674
  const audiences = [AUDIENCE, `${azureEndpoints(identity).resourceManager}/.default`] as const;
  const issued = await azureToken(identity, [...audiences], { env, signal });
  const access = issued.token.reveal();
  const tenant = identity.tenantId ?? textIn(claimsOf(access), 'tid');
  const operation = 'exchange token';
  const { json, clockAt } = await ownApi(place).send({
    operation,
    method: 'POST',
    path: '/oauth2/exchange',
    body: new URLSearchParams({
      grant_type: 'access_token',
      service: host,
      ...(tenant === undefined ? {} : { tenant }),
      access_token: access,
    }),
    expect: [200],
    // nothing changes by it
    replayable: true,
    hints: {
      unauthorized: `check that ${issued.identity} is in the tenant of ${host} and has a role there, as AcrPull`,
      denied: `give ${issued.identity} the role AcrPull on ${host}, and let the firewall of the registry admit this machine`,
      'not-found': `check that ${host} is an Azure Container Registry`,
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const refresh = typeof json === 'object' && json !== null && 'refresh_token' in json ? json.refresh_token : undefined;
  if (typeof refresh !== 'string' || refresh === '') {
    throw unusableAnswer({ registry: host, host, operation, reason: 'the answer has no refresh_token' });
  }
  return issuedCredential({
    registry: host,
    username: USERNAME,
    secret: new Secret(refresh),
    expiresAt: new Date(now() + lifeOf(claimsOf(refresh))),
    clockAt,
    now: now(),
    identity: issued.identity,
  });
}

function lifeOf(claims: Readonly<Record<string, unknown>>): number {
  const { exp, iat } = claims;
  if (typeof exp !== 'number') return UNTOLD_LIFE_MS;
  // without its beginning, the end alone is read, by the registry's clock
  return typeof iat === 'number' && exp > iat ? (exp - iat) * 1000 : 24 * 3_600_000;
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? { ...claims } : {};
  } catch {
    return {};
  }
}

function textIn(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' ? value : undefined;
}
