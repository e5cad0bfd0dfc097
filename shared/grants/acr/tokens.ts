// Tokens and scope maps of a registry: read, made, changed and removed.
// https://learn.microsoft.com/rest/api/containerregistry/tokens https://learn.microsoft.com/rest/api/containerregistry/scope-maps
import { TransshipError } from '../../errors.ts';
import type { ResourceManager } from '../../identity/azure-resource.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { TokenPassword } from '../../registries/acr-token-slots.ts';

export type ScopeMap = { id: string; name: string; description: string | undefined; actions: readonly string[] };

export type RegistryToken = {
  id: string;
  name: string;
  scopeMapId: string;
  status: string;
  passwords: readonly TokenPassword[];
};

type Json = Readonly<Record<string, unknown>>;

const API = 'api-version=2023-07-01';
const RIGHTS =
  'give the identity the role "Container Registry Contributor and Data Access Configuration Administrator" on the registry';
const SETTLE_TRIES = 20;
const SETTLE_PAUSE_MS = 1_500;

export async function listTokens(manager: ResourceManager, registryId: string): Promise<RegistryToken[]> {
  const path = `${registryId}/tokens?${API}`;
  return (await manager.list({ path, what: 'list tokens', hint: RIGHTS })).flatMap((body) => tokenOf(body) ?? []);
}

export async function listScopeMaps(manager: ResourceManager, registryId: string): Promise<ScopeMap[]> {
  const path = `${registryId}/scopeMaps?${API}`;
  const found = await manager.list({ path, what: 'list scope maps', hint: RIGHTS });
  return found.flatMap((body) => scopeMapOf(body) ?? []);
}

export type Settling = {
  manager: ResourceManager;
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  signal?: AbortSignal | undefined;
};

export async function putScopeMap(
  settling: Settling,
  id: string,
  { description, actions }: Pick<ScopeMap, 'description' | 'actions'>,
): Promise<void> {
  await putSettled(settling, id, { properties: { description, actions } }, 'make a scope map');
}

export async function putToken(settling: Settling, id: string, scopeMapId: string): Promise<void> {
  await putSettled(settling, id, { properties: { scopeMapId, status: 'enabled' } }, 'make a token');
}

/** Leaves the token these passwords only. */
export async function keepPasswords(manager: ResourceManager, id: string, names: readonly string[]): Promise<void> {
  const body = { properties: { credentials: { passwords: names.map((name) => ({ name })) } } };
  await manager.call({
    method: 'PATCH',
    path: `${id}?${API}`,
    body,
    what: 'remove a password of a token',
    hint: RIGHTS,
  });
}

/** Its value is told this once. */
export async function makePassword(
  manager: ResourceManager,
  {
    registryId,
    tokenId,
    slot,
    endsAt,
  }: { registryId: string; tokenId: string; slot: string; endsAt: string | undefined },
): Promise<Secret> {
  const { body } = await manager.call({
    method: 'POST',
    path: `${registryId}/generateCredentials?${API}`,
    body: { tokenId, name: slot, ...(endsAt === undefined ? {} : { expiry: endsAt }) },
    what: `make ${slot} of a token`,
    hint: RIGHTS,
  });
  const { value } = objectsIn(body['passwords']).find(({ name }) => name === slot) ?? {};
  if (typeof value === 'string' && value !== '') return new Secret(value);
  throw new TransshipError('invalid-response', 'Azure made a password of a token and did not tell it', {
    hint: 'try again: the next one replaces it',
    retryable: true,
    details: { operation: `make ${slot} of a token` },
  });
}

export async function deleteResource(manager: ResourceManager, id: string): Promise<void> {
  try {
    const name = id.split('/').slice(-2).join(' ');
    await manager.call({ method: 'DELETE', path: `${id}?${API}`, what: `remove ${name}`, hint: RIGHTS });
  } catch (error) {
    if (!(error instanceof TransshipError) || error.code !== 'not-found') throw error;
  }
}

/** What depends on it needs it to be there. */
async function putSettled(
  { manager, pause, signal }: Settling,
  id: string,
  body: unknown,
  what: string,
): Promise<void> {
  const path = `${id}?${API}`;
  let answer = await manager.call({ method: 'PUT', path, body, what, hint: RIGHTS });
  for (let tried = 0; tried < SETTLE_TRIES; tried += 1) {
    const { provisioningState } = objectIn(answer.body['properties']);
    if (provisioningState === undefined || provisioningState === 'Succeeded') return;
    if (provisioningState === 'Failed' || provisioningState === 'Canceled') throw failed(what, provisioningState);
    await pause(SETTLE_PAUSE_MS, signal);
    answer = await manager.call({ method: 'GET', path, what, hint: RIGHTS });
  }
  throw failed(what, 'not done in time');
}

function tokenOf({ id, name, properties }: Json): RegistryToken | undefined {
  const { scopeMapId, status, credentials } = objectIn(properties);
  if (typeof id !== 'string' || typeof name !== 'string' || typeof scopeMapId !== 'string') return undefined;
  const passwords = objectsIn(objectIn(credentials)['passwords']).flatMap((password) => {
    const { name: slot, creationTime, expiry } = password;
    return typeof slot === 'string' ? [{ name: slot, createdAt: dateOf(creationTime), expiresAt: dateOf(expiry) }] : [];
  });
  return { id, name, scopeMapId, status: typeof status === 'string' ? status : 'enabled', passwords };
}

function scopeMapOf({ id, name, properties }: Json): ScopeMap | undefined {
  const { description, actions } = objectIn(properties);
  if (typeof id !== 'string' || typeof name !== 'string') return undefined;
  return {
    id,
    name,
    description: typeof description === 'string' ? description : undefined,
    actions: Array.isArray(actions) ? actions.filter((action) => typeof action === 'string').toSorted() : [],
  };
}

function objectIn(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function objectsIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectIn) : [];
}

function dateOf(value: unknown): Date | undefined {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function failed(what: string, state: string): TransshipError {
  return new TransshipError('registry-error', `Azure: ${what} failed: ${state}`, {
    hint: 'look at the registry in the portal, and try again',
    retryable: true,
    details: { operation: what },
  });
}
