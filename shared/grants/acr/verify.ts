// Whether somebody may pull from an Azure registry, by reading back what stands there: nobody can ask Azure for somebody else.
import type { Verification } from '../backend.ts';
import { isSameId, type Assignment } from './assignments.ts';
import { nameOf } from './audit-registry.ts';
import { covers } from './condition.ts';
import type { RoleContent, TokenContent } from './entry-content.ts';
import type { Registry } from './registry.ts';
import { patternsIn } from './role-entries.ts';
import type { Role } from './roles.ts';
import { keptSlot } from './token-entries.ts';
import type { RegistryToken, ScopeMap } from './tokens.ts';

/** https://github.com/Azure/acr/issues/695 */
const LAG = 'roles take effect within minutes';
const ISSUED = 'tokens that were issued before live on for about 75 min';

export async function verifyRole(
  { principalId, pattern }: RoleContent,
  assignments: readonly Assignment[],
  at: {
    roles: { of(role: string): Promise<Role | undefined> };
    registry: Registry;
    instance: string;
    at: Date;
  },
): Promise<Verification> {
  const { roles, registry, instance, at: now } = at;
  const base = { method: 'read-back', at: now } as const;
  let undecided: string | undefined;
  for (const assignment of assignments.filter((one) => one.principalId === principalId)) {
    const role = await roles.of(assignment.role);
    if (role?.pulls === false) continue;
    const patterns = patternsIn(assignment, instance);
    const where = isSameId(assignment.scope, registry.id) ? '' : `, inherited from ${assignment.scope || '/'}`;
    const by = `${nameOf(assignment, role?.name)}${where}`;
    if (role === undefined || patterns === undefined) undecided ??= by;
    else if (patterns.some((wide) => covers(wide, pattern))) {
      return { ...base, answer: 'allowed', note: `by ${by}; ${LAG}` };
    }
  }
  if (undecided !== undefined) {
    return { ...base, answer: 'unverifiable', note: `${undecided} has rules that are not evaluated` };
  }
  return { ...base, answer: 'denied', note: `what its groups may is not looked at; ${LAG}; ${ISSUED}` };
}

export function verifyToken(
  { token: name, actions }: TokenContent,
  { tokens, scopeMaps }: { tokens: readonly RegistryToken[]; scopeMaps: readonly ScopeMap[] },
  at: Date,
): Verification {
  const base = { method: 'read-back', at } as const;
  const token = tokens.find((one) => one.name === name);
  if (token === undefined) return { ...base, answer: 'denied', note: `there is no token ${name}; ${ISSUED}` };
  const scopeMap = scopeMaps.find(({ id }) => isSameId(id, token.scopeMapId));
  const kept = token.passwords.find((password) => password.name === keptSlot(scopeMap?.description));
  const isValid = kept !== undefined && (kept.expiresAt === undefined || kept.expiresAt > at);
  if (token.status !== 'enabled')
    return { ...base, answer: 'denied', note: `token ${name} is ${token.status}; ${ISSUED}` };
  if (!isValid) return { ...base, answer: 'denied', note: `token ${name} has no password that holds; ${ISSUED}` };
  const missing = actions.filter((action) => scopeMap?.actions.includes(action) !== true);
  if (missing.length > 0) return { ...base, answer: 'denied', note: `its scope map lacks ${missing.join(', ')}` };
  return { ...base, answer: 'allowed' };
}
