// Passwords of a token of an Azure Container Registry, which a scope map limits. It has two, so that one can be made anew while clusters
// still hold the other one.
//
//   read the token ──▶ choose the password that nobody holds ──▶ generateCredentials ── 200 ──▶ its value, told this once
//                                                                                    └─ 202 ──▶ Location, until 200
//
// https://learn.microsoft.com/en-us/azure/container-registry/container-registry-token-based-repository-permissions
import { TransshipError } from '../errors.ts';
import type { AzureIdentity } from '../identity/azure.ts';
import { openResourceManager } from '../identity/azure-resource.ts';
import { clockOffset } from '../identity/clock-offset.ts';
import { Secret } from '../telemetry/secret.ts';
import { chooseSlot, PASSWORD_SLOTS, type TokenPassword } from './acr-token-slots.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssuedCredential, IssueOptions } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

export type RegistryToken = { identity: AzureIdentity; id: string; lifeMs?: number | undefined };

const API = 'api-version=2023-07-01';
const ID =
  /^(?<registry>\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/?#]+)\/tokens\/(?<token>[^/?#]+)$/i;
const DEFAULT_LIFE_MS = 30 * 24 * 3_600_000;

/** @throws TransshipError; conflict-refused where clusters hold both passwords, or are about to */
export async function issueRegistryToken(
  place: IssuerPlace,
  { identity, id, lifeMs = DEFAULT_LIFE_MS }: RegistryToken,
  now: () => number,
  { signal, inUse }: IssueOptions = {},
): Promise<IssuedCredential> {
  const { host } = place;
  const { registry, token } = ID.exec(id)?.groups ?? {};
  if (registry === undefined || token === undefined) throw unknownForm(host);
  const env = await cloudEnvironment(place);
  const manager = await openResourceManager(identity, { env, signal });
  const hint = `give the identity the role "Container Registry Contributor and Data Access Configuration Administrator", or Microsoft.ContainerRegistry/registries/tokens/read and …/generateCredentials/action, on ${registry}`;
  const found = await manager.call({ method: 'GET', path: `${id}?${API}`, what: `read token ${token}`, hint });
  const offsetMs = clockOffset(found.date, now());
  const azureNow = new Date(now() + offsetMs);
  const status = memberOf(found.body, 'properties')['status'];
  if (status === 'disabled') throw disabled(host, token);
  const held = await inUse?.();
  const choice = chooseSlot(
    passwordsOf(found.body),
    azureNow,
    held?.map((end) => new Date(end.getTime() + offsetMs)),
  );
  if (!('slot' in choice)) throw bothHeld(host, token, choice.busyUntil);
  // whole seconds, as marks on Secrets have them
  const end = new Date(Math.floor((azureNow.getTime() + lifeMs) / 1000) * 1000);
  const made = await manager.call({
    method: 'POST',
    path: `${registry}/generateCredentials?${API}`,
    body: { tokenId: id, name: choice.slot, expiry: end.toISOString() },
    what: `make ${choice.slot} of token ${token}`,
    hint,
  });
  const password = arrayOf(made.body, 'passwords').find(({ name }) => name === choice.slot);
  const { value, expiry } = password ?? {};
  if (typeof value !== 'string' || value === '') throw noValue(host, token);
  const stated = dateOf(expiry) ?? end;
  return issuedCredential({
    registry: host,
    username: typeof made.body['username'] === 'string' && made.body['username'] !== '' ? made.body['username'] : token,
    secret: new Secret(value),
    expiresAt: new Date(stated.getTime() - offsetMs),
    now: now(),
    identity: `token ${token} (${choice.slot})`,
  });
}

function passwordsOf(body: Readonly<Record<string, unknown>>): TokenPassword[] {
  const credentials = memberOf(memberOf(body, 'properties'), 'credentials');
  return arrayOf(credentials, 'passwords').flatMap(({ name, creationTime, expiry }) => {
    const slot = PASSWORD_SLOTS.find((known) => known === name);
    return slot === undefined ? [] : [{ name: slot, createdAt: dateOf(creationTime), expiresAt: dateOf(expiry) }];
  });
}

function memberOf(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  return toObject(value[name]) ?? {};
}

function arrayOf(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>>[] {
  const members: unknown = value[name];
  if (!Array.isArray(members)) return [];
  return members.map(toObject).filter((member) => member !== undefined);
}

function toObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function dateOf(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time);
}

function unknownForm(host: string): TransshipError {
  return new TransshipError('invalid-config', `${host}: registryToken names no token of a registry`, {
    hint: 'give its resource ID: az acr token show --name TOKEN --registry REGISTRY --query id',
    details: { registry: host, operation: 'issue credential' },
  });
}

function disabled(host: string, token: string): TransshipError {
  return new TransshipError('denied', `${host}: token ${token} is disabled`, {
    hint: `enable it: az acr token update --name ${token} --registry REGISTRY --status enabled`,
    details: { registry: host, operation: 'issue credential' },
  });
}

function bothHeld(host: string, token: string, until: Date | undefined): TransshipError {
  const end = until === undefined ? '' : `; one of them may be made anew from ${until.toISOString()} on`;
  return new TransshipError(
    'conflict-refused',
    `${host}: clusters hold both passwords of token ${token}, or are about to${end}`,
    {
      hint: 'let the last refresh reach every cluster: the older password is made anew once no cluster holds it',
      retryable: true,
      details: { registry: host, operation: 'issue credential' },
    },
  );
}

function noValue(host: string, token: string): TransshipError {
  return new TransshipError(
    'invalid-response',
    `${host}: Azure made a password of token ${token} and did not tell it`,
    {
      hint: 'try again; what clusters hold stays as it is',
      retryable: true,
      details: { registry: host, operation: 'issue credential' },
    },
  );
}
