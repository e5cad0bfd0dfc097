// What the entries of an Azure registry hold: a role of a principal for repositories, or a token of the registry itself.
import type { AzurePrincipalType, SecretPlace } from '../grant.ts';
import { hash16, type Json } from '../canonical.ts';

export type RoleName = 'AcrPull' | 'Repository Reader';

export type RoleContent = {
  kind: 'role';
  role: RoleName;
  principalId: string;
  principalType: AzurePrincipalType;
  /** One that an assignment can say; of AcrPull always `**`. */
  pattern: string;
};

export type TokenContent = {
  kind: 'token';
  token: string;
  /** Of its scope map, sorted: `repositories/team-a/app/content/read`. */
  actions: readonly string[];
  status: string;
  secret: SecretPlace;
  /** Whether a password that still holds is there. */
  isKept: boolean;
  /** When that ends. */
  endsAt?: string;
};

/**
 * Roles stand at the registry as a whole, tokens at a place of their own: whether an identity sees the ones says nothing of the others.
 */
export const TOKENS = 'tokens';

export function roleKey({ role, principalId, pattern }: Omit<RoleContent, 'kind' | 'principalType'>): string {
  return `${role} ${principalId} ${pattern}`;
}

/** Whose assignment it is: those of one principal in one role are one. */
export function holderIn(content: Json): string {
  const { role, principalId } = isObject(content) ? content : {};
  return typeof role === 'string' && typeof principalId === 'string' ? `${role} ${principalId}` : '';
}

export function tokenKey(token: string): string {
  return `token ${token}`;
}

/** Of the grant's own, as long as names of tokens may be. */
export function tokenName(grant: string, robot: string, instance: string): string {
  return `pg-${hash16(`${instance}/${grant}/${robot}`)}`;
}

export function roleIn(content: Json): RoleContent | undefined {
  if (!isObject(content) || content['kind'] !== 'role') return undefined;
  const { role, principalId, principalType, pattern } = content;
  const isRole = role === 'AcrPull' || role === 'Repository Reader';
  if (!isRole || typeof principalId !== 'string' || typeof pattern !== 'string') return undefined;
  const type = TYPES.find((known) => known === principalType);
  return type === undefined ? undefined : { kind: 'role', role, principalId, principalType: type, pattern };
}

const TYPES: readonly AzurePrincipalType[] = ['User', 'Group', 'ServicePrincipal'];

export function tokenIn(content: Json): TokenContent | undefined {
  if (!isObject(content) || content['kind'] !== 'token') return undefined;
  const { token, actions, status, secret, isKept, endsAt } = content;
  if (typeof token !== 'string' || !Array.isArray(actions) || typeof status !== 'string' || !isObject(secret))
    return undefined;
  const { cluster, namespace, name } = secret;
  if (typeof cluster !== 'string' || typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  return {
    kind: 'token',
    token,
    actions: actions.filter((action) => typeof action === 'string'),
    status,
    secret: { cluster, namespace, name },
    isKept: isKept === true,
    ...(typeof endsAt === 'string' ? { endsAt } : {}),
  };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
