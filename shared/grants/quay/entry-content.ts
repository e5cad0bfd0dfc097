// Entries at Quay: the role that a user, a robot account or a team has at a repository, or gets at every new one of an organization.
import { isRecord, type Json } from '../canonical.ts';

/** Robot accounts are users to Quay: `organization+name`. */
export type Delegate = { kind: 'user' | 'team'; name: string };

/** `read` pulls, `write` pushes, too, `admin` may everything. */
export type QuayRole = 'read' | 'write' | 'admin';

/** https://docs.redhat.com/en/documentation/red_hat_quay/3.15/html/red_hat_quay_api_reference/permission */
export type Permission = Delegate & { role: QuayRole };

export function keyOf({ kind, name }: Delegate): string {
  return `${kind}:${name}`;
}

export function labelOf({ kind, name, role }: Permission): string {
  const what = kind === 'team' ? 'team' : name.includes('+') ? 'robot account' : 'user';
  return `${role} permission of ${what} ${name}`;
}

export function contentOf({ kind, name, role }: Permission): Json {
  return { kind, name, role };
}

/** Undefined for what is no entry of ours. */
export function permissionIn(content: Json): Permission | undefined {
  if (!isRecord(content)) return undefined;
  const { kind, name, role } = content;
  if ((kind !== 'user' && kind !== 'team') || typeof name !== 'string' || !isRole(role)) return undefined;
  return { kind, name, role };
}

export function isRole(value: unknown): value is QuayRole {
  return value === 'read' || value === 'write' || value === 'admin';
}

/** Of a target: a repository, or an organization's new ones (`acme/*`). */
export function organizationOfNew(place: string): string | undefined {
  return place.endsWith('/*') ? place.slice(0, -2) : undefined;
}
