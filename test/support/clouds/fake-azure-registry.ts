// Azure's resource manager as far as grants need it, by the documented wire formats: subscriptions, a registry, its role assignments, role
// definitions, scope maps and tokens. No real Azure was asked to make it.
// https://learn.microsoft.com/rest/api/authorization/role-assignments https://learn.microsoft.com/rest/api/containerregistry/tokens
// https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
import { randomUUID } from 'node:crypto';
import type { CloudAnswer, CloudHandler, CloudRequest } from './cloud-front.ts';

export type FakeAssignment = {
  id: string;
  properties: {
    scope: string;
    roleDefinitionId: string;
    principalId: string;
    principalType: string;
    condition?: string | null;
    conditionVersion?: string | null;
    description?: string | null;
  };
};

type Password = { name: string; creationTime: string; expiry?: string };
type FakeToken = { scopeMapId: string; status: string; passwords: Password[] };
type FakeScopeMap = { description?: string; actions: string[] };

export type FakeAzureRegistry = {
  handler: CloudHandler;
  assignments: Map<string, FakeAssignment>;
  tokens: Map<string, FakeToken>;
  scopeMaps: Map<string, FakeScopeMap>;
  /** Calls that change something, as method and path. */
  writes: string[];
  /** Passwords that were told, by token and slot. */
  passwords: Map<string, string>;
  settings: {
    mode: string | undefined;
    anonymousPullEnabled: boolean;
    adminUserEnabled: boolean;
    pageSize: number;
    /** So many PUTs of role assignments answer that the principal is not known yet. */
    replicationDelays: number;
    unknownPrincipals: Set<string>;
    /** Whom the caller may give no role: roles may be limited to some. */
    deniedPrincipals: Set<string>;
    /** So many lists of role assignments do not have the newest one. */
    staleLists: number;
    /** Before each PUT of an assignment. */
    beforePut: (() => void) | undefined;
    /** Collections that answer 403: `tokens`. */
    denied: Set<string>;
    /** So many reads of a scope map say that it is still being made. */
    settling: number;
    roles: Map<string, Record<string, unknown>>;
    accepts: (token: string) => boolean;
  };
};

export const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000001';
export const ACR_ID = `${SUBSCRIPTION}/resourceGroups/rg-1/providers/Microsoft.ContainerRegistry/registries/acme`;
export const ACR_HOST = 'acme.azurecr.io';
const ASSIGNMENTS = '/providers/Microsoft.Authorization/roleAssignments';

export function createFakeAzureRegistry(): FakeAzureRegistry {
  const assignments = new Map<string, FakeAssignment>();
  const tokens = new Map<string, FakeToken>();
  const scopeMaps = new Map<string, FakeScopeMap>();
  const passwords = new Map<string, string>();
  const writes: string[] = [];
  const settings: FakeAzureRegistry['settings'] = {
    mode: 'AbacRepositoryPermissions',
    anonymousPullEnabled: false,
    adminUserEnabled: false,
    pageSize: 2,
    replicationDelays: 0,
    unknownPrincipals: new Set(),
    deniedPrincipals: new Set(),
    staleLists: 0,
    beforePut: undefined,
    denied: new Set(),
    settling: 0,
    roles: new Map(),
    accepts: () => true,
  };

  const putAssignment = (path: string, body: string): CloudAnswer => {
    settings.beforePut?.();
    const { properties }: { properties: FakeAssignment['properties'] } = JSON.parse(body);
    if (settings.deniedPrincipals.has(properties.principalId)) return refusal(403, 'AuthorizationFailed');
    if (settings.unknownPrincipals.has(properties.principalId)) return refusal(400, 'PrincipalNotFound');
    if (settings.replicationDelays > 0) {
      settings.replicationDelays -= 1;
      return refusal(400, 'PrincipalNotFound');
    }
    const scope = path.slice(0, path.indexOf(ASSIGNMENTS));
    // one for each principal, role and scope, whatever its condition says
    const rival = [...assignments.values()].find(
      ({ id, properties: other }) =>
        id !== path &&
        other.scope === scope &&
        other.principalId === properties.principalId &&
        other.roleDefinitionId === properties.roleDefinitionId,
    );
    if (rival !== undefined) return refusal(409, 'RoleAssignmentExists');
    const old = assignments.get(path);
    if (old !== undefined && old.properties.principalId !== properties.principalId) {
      return refusal(400, 'RoleAssignmentUpdateNotPermitted');
    }
    if (!/^[0-9a-f-]{36}$/.test(path.split('/').at(-1) ?? '')) return refusal(400, 'InvalidRoleAssignmentId');
    assignments.set(path, { id: path, properties: { ...properties, scope } });
    return { status: old === undefined ? 201 : 200, body: assignments.get(path) };
  };

  const listAssignments = (): unknown[] => {
    const all = [...assignments.values()];
    if (settings.staleLists === 0) return all;
    settings.staleLists -= 1;
    return all.slice(0, -1);
  };

  const registryBody = () => ({
    id: ACR_ID,
    name: 'acme',
    properties: {
      loginServer: ACR_HOST,
      ...(settings.mode === undefined ? {} : { roleAssignmentMode: settings.mode }),
      anonymousPullEnabled: settings.anonymousPullEnabled,
      adminUserEnabled: settings.adminUserEnabled,
    },
  });

  const tokenBody = (name: string, { scopeMapId, status, passwords: known }: FakeToken) => ({
    id: `${ACR_ID}/tokens/${name}`,
    name,
    properties: { scopeMapId, status, provisioningState: 'Succeeded', credentials: { passwords: known } },
  });

  const scopeMapBody = (name: string, map: FakeScopeMap) => {
    const isSettling = settings.settling > 0;
    if (isSettling) settings.settling -= 1;
    return {
      id: `${ACR_ID}/scopeMaps/${name}`,
      name,
      properties: { type: 'UserDefined', ...map, provisioningState: isSettling ? 'Creating' : 'Succeeded' },
    };
  };

  const generate = (body: string): CloudAnswer => {
    const { tokenId, name, expiry }: { tokenId: string; name: string; expiry?: string } = JSON.parse(body);
    const tokenName = tokenId.split('/').at(-1) ?? '';
    const token = tokens.get(tokenName);
    if (token === undefined) return refusal(404, 'ResourceNotFound');
    const value = `acr-canary-${randomUUID()}`;
    passwords.set(`${tokenName} ${name}`, value);
    const made = { name, creationTime: new Date().toISOString(), ...(expiry === undefined ? {} : { expiry }) };
    token.passwords = [...token.passwords.filter((password) => password.name !== name), made];
    const told = token.passwords.map((password) => (password.name === name ? { ...password, value } : password));
    return { status: 200, body: { username: tokenName, passwords: told } };
  };

  const child = (method: string, path: string, body: string): CloudAnswer | undefined => {
    const [collection = '', name] = path.slice(ACR_ID.length + 1).split('/');
    if (collection === 'generateCredentials' && method === 'POST') return generate(body);
    const given: { properties?: Record<string, unknown> } = body === '' ? {} : JSON.parse(body);
    if (collection === 'scopeMaps' && name !== undefined) return scopeMapCall(method, name, given.properties ?? {});
    if (collection === 'tokens' && name !== undefined) return tokenCall(method, name, given.properties ?? {});
    return undefined;
  };

  const scopeMapCall = (method: string, name: string, properties: Record<string, unknown>): CloudAnswer => {
    if (method === 'DELETE') return { status: scopeMaps.delete(name) ? 200 : 204 };
    if (method === 'PUT') {
      const { description, actions } = properties;
      if (!Array.isArray(actions)) return refusal(400, 'InvalidActions');
      scopeMaps.set(name, { ...(typeof description === 'string' ? { description } : {}), actions });
    }
    const map = scopeMaps.get(name);
    return map === undefined ? refusal(404, 'ResourceNotFound') : { status: 201, body: scopeMapBody(name, map) };
  };

  const tokenCall = (method: string, name: string, properties: Record<string, unknown>): CloudAnswer => {
    if (method === 'DELETE')
      return tokens.delete(name)
        ? { status: 202, headers: { location: later(), 'retry-after': '0' } }
        : { status: 204 };
    const old = tokens.get(name);
    if (method === 'PUT') {
      const { scopeMapId = '', status = 'enabled' } = properties;
      if (!scopeMaps.has(String(scopeMapId).split('/').at(-1) ?? '')) return refusal(400, 'ScopeMapNotFound');
      tokens.set(name, { scopeMapId: String(scopeMapId), status: String(status), passwords: old?.passwords ?? [] });
    }
    if (method === 'PATCH' && old !== undefined) {
      const kept = JSON.stringify(properties['credentials']);
      old.passwords = old.passwords.filter((password) => kept.includes(`"${password.name}"`));
    }
    const token = tokens.get(name);
    return token === undefined ? refusal(404, 'ResourceNotFound') : { status: 200, body: tokenBody(name, token) };
  };

  const collectionAt = (path: string): unknown[] | undefined => {
    if (path === '/subscriptions') return [{ id: '/subscriptions/empty' }, { id: SUBSCRIPTION }];
    if (path === '/subscriptions/empty/providers/Microsoft.ContainerRegistry/registries') return [];
    if (path === `${SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries`) {
      const other = { id: `${ACR_ID}2`, properties: { loginServer: `acme2.azurecr.io` } };
      return [other, other, registryBody()];
    }
    if (path === `${ACR_ID}${ASSIGNMENTS}`) return listAssignments();
    if (path === `${ACR_ID}/scopeMaps`) return [...scopeMaps].map(([name, map]) => scopeMapBody(name, map));
    if (path === `${ACR_ID}/tokens`) return [...tokens].map(([name, token]) => tokenBody(name, token));
    return undefined;
  };

  const handler: CloudHandler = (request: CloudRequest) => {
    const { method, path: whole, body, headers, host } = request;
    const url = new URL(whole, `https://${host}`);
    const path = url.pathname;
    if (!settings.accepts((headers.authorization ?? '').replace('Bearer ', '')))
      return refusal(401, 'InvalidAuthenticationToken');
    if (path === '/later') return { status: 204 };
    if (!url.searchParams.has('api-version')) return refusal(400, 'MissingApiVersionParameter');
    if (settings.denied.has(path.split('/').at(-1) ?? ''))
      return refusal(403, 'AuthorizationFailed', headers.authorization);
    if (method === 'GET') {
      const collection = collectionAt(path);
      if (collection !== undefined) return page(collection, url, settings.pageSize);
      if (path === ACR_ID) return { status: 200, body: registryBody() };
      const role = settings.roles.get(path.split('/').at(-1) ?? '');
      if (path.includes('/roleDefinitions/') && role !== undefined) return { status: 200, body: { properties: role } };
    } else {
      writes.push(`${method} ${path}`);
    }
    if (path.startsWith(`${ACR_ID}${ASSIGNMENTS}/`)) {
      if (method === 'PUT') return putAssignment(path, body);
      if (method === 'DELETE') return { status: assignments.delete(path) ? 200 : 204 };
    }
    const found = path.startsWith(`${ACR_ID}/`) ? child(method, path, body) : undefined;
    return found ?? refusal(404, 'ResourceNotFound', headers.authorization);
  };

  return { handler, assignments, tokens, scopeMaps, writes, passwords, settings };
}

export function roleDefinitionId(role: string): string {
  return `${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
}

function later(): string {
  return 'https://management.azure.com/later';
}

function page(collection: readonly unknown[], url: URL, pageSize: number): CloudAnswer {
  const from = Number(url.searchParams.get('$skiptoken') ?? 0);
  const value = collection.slice(from, from + pageSize);
  if (from + pageSize >= collection.length) return { status: 200, body: { value } };
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(from + pageSize));
  return { status: 200, body: { value, nextLink: next.href } };
}

/** With words about what it got: errors of ours must not have them. */
function refusal(status: number, code: string, echo = ''): CloudAnswer {
  return { status, body: { error: { code, message: `It does not fit: ${echo}` } } };
}
