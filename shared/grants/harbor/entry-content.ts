// Entries at Harbor: a robot account of a project that is made for one grant, or a member of the project.
import { isRecord, type Json } from '../canonical.ts';
import type { SecretPlace } from '../grant.ts';

export type RobotContent = {
  kind: 'robot';
  /** Without Harbor's prefix and the project. */
  robot: string;
  /** Sorted: `repository:pull`. */
  access: readonly string[];
  status: 'enabled' | 'disabled';
  /** Where its password is; null: somebody took the text away that says so. */
  secret: SecretPlace | null;
  /** Whether the password is there. */
  isKept: boolean;
  /** Of the grant; Harbor ends it by whole days. */
  endsAt?: string;
};

/** All of them may pull. https://goharbor.io/docs/2.13.0/administration/managing-users/user-permissions-by-role/ */
export type MemberRole = 'projectAdmin' | 'developer' | 'guest' | 'maintainer' | 'limitedGuest';

export type MemberContent = { kind: 'user' | 'group'; name: string; role: MemberRole };

export const ROLES: ReadonlyMap<number, MemberRole> = new Map([
  [1, 'projectAdmin'],
  [2, 'developer'],
  [3, 'guest'],
  [4, 'maintainer'],
  [5, 'limitedGuest'],
]);

/** Those that do more than pull. */
export const PUSHING_ROLES: readonly MemberRole[] = ['projectAdmin', 'developer', 'maintainer'];

export function robotKey(robot: string): string {
  return `robot ${robot}`;
}

export function memberKey({ kind, name }: Pick<MemberContent, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

export function memberContent({ kind, name, role }: MemberContent): Json {
  return { kind, name, role };
}

export function memberLabel({ kind, name, role }: MemberContent): string {
  return `${role} member ${kind} ${name}`;
}

/** Undefined for what is none. */
export function robotIn(content: Json): RobotContent | undefined {
  if (!isRecord(content) || content['kind'] !== 'robot') return undefined;
  const { robot, access, status, secret, isKept, endsAt } = content;
  if (typeof robot !== 'string' || !Array.isArray(access)) return undefined;
  return {
    kind: 'robot',
    robot,
    access: access.filter((one) => typeof one === 'string'),
    status: status === 'enabled' ? 'enabled' : 'disabled',
    secret: placeIn(secret),
    isKept: isKept === true,
    ...(typeof endsAt === 'string' ? { endsAt } : {}),
  };
}

/** Undefined for what is none. */
export function memberIn(content: Json): MemberContent | undefined {
  if (!isRecord(content)) return undefined;
  const { kind, name, role } = content;
  const known = [...ROLES.values()].find((one) => one === role);
  if ((kind !== 'user' && kind !== 'group') || typeof name !== 'string' || known === undefined) return undefined;
  return { kind, name, role: known };
}

function placeIn(secret: unknown): SecretPlace | null {
  if (!isRecord(secret)) return null;
  const { cluster, namespace, name } = secret;
  if (typeof cluster !== 'string' || typeof namespace !== 'string' || typeof name !== 'string') return null;
  return { cluster, namespace, name };
}
