// Whether a role lets somebody pull from a registry in its mode, by the rules of the role and not by its name.
// https://learn.microsoft.com/azure/role-based-access-control/role-definitions
import { isTransshipError } from '../../errors.ts';
import type { ResourceManager } from '../../identity/azure-resource.ts';
import { ROLE_IDS } from './assignments.ts';

export type Role = { name: string; pulls: boolean; doesMore: boolean };

const API = 'api-version=2022-04-01';
const LEGACY_PULL = 'Microsoft.ContainerRegistry/registries/pull/read';
const ABAC_PULL = 'Microsoft.ContainerRegistry/registries/repositories/content/read';
const ABAC_PUSH = 'Microsoft.ContainerRegistry/registries/repositories/content/write';
const LEGACY_PUSH = 'Microsoft.ContainerRegistry/registries/push/write';

type Permission = Readonly<Record<'actions' | 'notActions' | 'dataActions' | 'notDataActions', readonly string[]>>;

/** Asks for each role once. */
export function openRoles(manager: ResourceManager, registryId: string, isAbac: boolean) {
  const known = new Map<string, Promise<Role | undefined>>();
  const subscription = registryId.split('/').slice(0, 3).join('/');
  return {
    /** Undefined where the role may not be read. */
    of(role: string): Promise<Role | undefined> {
      const found = known.get(role) ?? readRole(manager, subscription, role, isAbac);
      known.set(role, found);
      return found;
    },
  };
}

async function readRole(
  manager: ResourceManager,
  subscription: string,
  role: string,
  isAbac: boolean,
): Promise<Role | undefined> {
  if (role === ROLE_IDS.AcrPull) return { name: 'AcrPull', pulls: !isAbac, doesMore: false };
  if (role === ROLE_IDS['Repository Reader']) {
    return { name: 'Container Registry Repository Reader', pulls: isAbac, doesMore: false };
  }
  const path = `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}?${API}`;
  try {
    const { body } = await manager.call({
      method: 'GET',
      path,
      what: `read role ${role}`,
      hint: 'give the identity Microsoft.Authorization/roleDefinitions/read',
    });
    return roleOf(body, isAbac);
  } catch (error) {
    if (isTransshipError(error, 'denied', 'not-found')) return undefined;
    throw error;
  }
}

function roleOf({ name, properties }: Readonly<Record<string, unknown>>, isAbac: boolean): Role {
  const told = objectIn(properties);
  const permissions = listIn(told['permissions']).map(objectIn).map(permissionOf);
  const [pull, push] = isAbac ? [ABAC_PULL, ABAC_PUSH] : [LEGACY_PULL, LEGACY_PUSH];
  const roleName = told['roleName'] ?? name;
  return {
    name: typeof roleName === 'string' ? roleName : 'a role without a name',
    pulls: permissions.some((permission) => allows(permission, pull, isAbac)),
    doesMore: permissions.some((permission) => allows(permission, push, isAbac)),
  };
}

/** What is done in repositories is data, where roles are for repositories. */
function allows(
  { actions, notActions, dataActions, notDataActions }: Permission,
  action: string,
  isData: boolean,
): boolean {
  const [given, taken] = isData ? [dataActions, notDataActions] : [actions, notActions];
  const matches = (pattern: string): boolean => matchesAction(pattern, action);
  return given.some(matches) && !taken.some(matches);
}

function matchesAction(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.\\+?^${}()|[\]]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action);
}

function permissionOf(told: Readonly<Record<string, unknown>>): Permission {
  const texts = (name: string): string[] => listIn(told[name]).filter((one) => typeof one === 'string');
  return {
    actions: texts('actions'),
    notActions: texts('notActions'),
    dataActions: texts('dataActions'),
    notDataActions: texts('notDataActions'),
  };
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
