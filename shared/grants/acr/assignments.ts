// The role assignments of a registry: read, made, changed and removed.
// https://learn.microsoft.com/rest/api/authorization/role-assignments
import { createHash } from 'node:crypto';
import type { ResourceManager } from '../../identity/azure-resource.ts';
import type { AzurePrincipalType } from '../grant.ts';
import type { RoleName } from './entry-content.ts';

export type Assignment = {
  /** The resource ID. */
  id: string;
  scope: string;
  /** The last part of its ID: a GUID, in lower case. */
  role: string;
  principalId: string;
  principalType: string;
  condition: string | undefined;
  description: string | undefined;
};

export type NewAssignment = {
  role: RoleName;
  principalId: string;
  principalType: AzurePrincipalType;
  condition: string | undefined;
  description: string;
};

const API = 'api-version=2022-04-01';
/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers */
export const ROLE_IDS: Readonly<Record<RoleName, string>> = {
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  'Repository Reader': 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
};

const RIGHTS =
  'give the identity the role "Role Based Access Control Administrator" on the registry, limited to AcrPull and Container Registry Repository Reader';

/** At the registry and above it; those of its parts are none that let anybody pull. */
export async function listAssignments(manager: ResourceManager, registryId: string): Promise<Assignment[]> {
  const path = `${registryId}/providers/Microsoft.Authorization/roleAssignments?${API}&$filter=atScope()`;
  const found = await manager.list({ path, what: 'list role assignments', hint: RIGHTS });
  return found.flatMap((body) => assignmentOf(body) ?? []);
}

/** Those of the registry itself that grants make. */
export function pullAssignments(assignments: readonly Assignment[], registryId: string): Assignment[] {
  return assignments.filter(({ scope, role }) => isSameId(scope, registryId) && Object.values(ROLE_IDS).includes(role));
}

/** Makes it, or changes the condition and description of the one with this ID. */
export async function putAssignment(
  manager: ResourceManager,
  registryId: string,
  { role, principalId, principalType, condition, description }: NewAssignment,
  existingId?: string,
): Promise<void> {
  const name = uuid5(`${registryId.toLowerCase()}|${principalId}|${ROLE_IDS[role]}|${condition ?? ''}`);
  const id = existingId ?? `${registryId}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  const [, subscriptions, subscription] = registryId.split('/');
  await manager.call({
    method: 'PUT',
    path: `${id}?${API}`,
    body: {
      properties: {
        roleDefinitionId: `/${subscriptions}/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${ROLE_IDS[role]}`,
        principalId,
        // without it a principal that was just made is not found: https://github.com/hashicorp/terraform-provider-azurerm/issues/11417
        principalType,
        description,
        ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
      },
    },
    what: `give ${principalId} the role ${role}`,
    hint: RIGHTS,
  });
}

export async function deleteAssignment(manager: ResourceManager, { id, principalId }: Assignment): Promise<void> {
  await manager.call({ method: 'DELETE', path: `${id}?${API}`, what: `take a role from ${principalId}`, hint: RIGHTS });
}

/** IDs of resources are the same in any case. */
export function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function assignmentOf({ id, properties }: Readonly<Record<string, unknown>>): Assignment | undefined {
  if (typeof id !== 'string' || typeof properties !== 'object' || properties === null) return undefined;
  const told: Readonly<Record<string, unknown>> = { ...properties };
  const text = (name: string): string | undefined => {
    const value = told[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    id,
    scope: text('scope') ?? '',
    role: (text('roleDefinitionId') ?? '').split('/').at(-1)?.toLowerCase() ?? '',
    principalId: (text('principalId') ?? '').toLowerCase(),
    principalType: text('principalType') ?? '',
    condition: text('condition'),
    description: text('description'),
  };
}

/** The namespace for URLs. https://www.rfc-editor.org/rfc/rfc9562#section-6.6 */
const NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/** https://www.rfc-editor.org/rfc/rfc9562#section-5.5 */
export function uuid5(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
