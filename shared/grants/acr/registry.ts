// Where a registry is among the resources of Azure, and how it decides: by roles for all of it, or by roles for repositories.
// https://learn.microsoft.com/rest/api/containerregistry/registries
import { TransshipError } from '../../errors.ts';
import type { ResourceManager } from '../../identity/azure-resource.ts';
import type { Survey } from '../site.ts';

export type Registry = {
  /** The resource ID, without a slash at its end. */
  id: string;
  mode: string;
  hasAnonymousPull: boolean;
  hasAdminUser: boolean;
};

const API = 'api-version=2025-11-01';
const SUBSCRIPTIONS_API = 'api-version=2022-12-01';
const ABAC = 'AbacRepositoryPermissions';
const LEGACY = 'LegacyRegistryPermissions';
/** Of a registry, of its token, or of anything else in it. */
const REGISTRY_ID =
  /^(?<id>\/subscriptions\/[^/?#]+\/resourceGroups\/[^/?#]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/?#]+)/i;

const REGISTRY_RIGHTS =
  'give the identity Reader on the registry (Microsoft.ContainerRegistry/registries/read), or name its subscription';

/** By what a survey found. */
export function isAbac({ facts = {} }: Survey): boolean {
  return facts['roleAssignmentMode'] === ABAC;
}

export function factsOf({ id, mode }: Registry): Readonly<Record<string, string>> {
  return { registryId: id, roleAssignmentMode: mode };
}

export function isAbacRegistry({ mode }: Registry): boolean {
  return mode === ABAC;
}

/** The resource ID of the registry in that of a part of it. */
export function registryIdIn(id: string | undefined): string | undefined {
  return REGISTRY_ID.exec(id ?? '')?.groups?.['id'];
}

/** @throws TransshipError not-found where the identity sees no such registry */
export async function findRegistry(
  manager: ResourceManager,
  host: string,
  known: { registryId?: string | undefined; subscription?: string | undefined },
): Promise<Registry> {
  if (known.registryId !== undefined) {
    const what = `read registry ${host}`;
    const { body } = await manager.call({
      method: 'GET',
      path: `${known.registryId}?${API}`,
      what,
      hint: REGISTRY_RIGHTS,
    });
    const registry = registryOf(body, host);
    if (registry !== undefined) return registry;
    throw notThere(host, known.registryId);
  }
  const subscriptions =
    known.subscription === undefined ? await subscriptionsOf(manager) : [`/subscriptions/${known.subscription}`];
  for (const subscription of subscriptions) {
    const path = `${subscription}/providers/Microsoft.ContainerRegistry/registries?${API}`;
    const found = await manager.list({ path, what: `list the registries of ${subscription}`, hint: REGISTRY_RIGHTS });
    const [registry] = found.flatMap((body) => registryOf(body, host) ?? []);
    if (registry !== undefined) return registry;
  }
  throw notThere(host, subscriptions.join(', ') || 'no subscription at all');
}

async function subscriptionsOf(manager: ResourceManager): Promise<string[]> {
  const path = `/subscriptions?${SUBSCRIPTIONS_API}`;
  const found = await manager.list({ path, what: 'list subscriptions', hint: REGISTRY_RIGHTS });
  return found.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
}

/** Undefined where it is another one. */
function registryOf(body: Readonly<Record<string, unknown>>, host: string): Registry | undefined {
  const { id, properties } = body;
  if (typeof id !== 'string' || typeof properties !== 'object' || properties === null) return undefined;
  const told: Readonly<Record<string, unknown>> = { ...properties };
  const { loginServer, roleAssignmentMode, anonymousPullEnabled, adminUserEnabled } = told;
  if (typeof loginServer !== 'string' || loginServer.toLowerCase() !== host) return undefined;
  return {
    id: registryIdIn(id) ?? id,
    mode: typeof roleAssignmentMode === 'string' ? roleAssignmentMode : LEGACY,
    hasAnonymousPull: anonymousPullEnabled === true,
    hasAdminUser: adminUserEnabled === true,
  };
}

function notThere(host: string, where: string): TransshipError {
  return new TransshipError('not-found', `${host}: Azure's resource manager shows no such registry in ${where}`, {
    hint: REGISTRY_RIGHTS,
    details: { registry: host, operation: 'find registry' },
  });
}
