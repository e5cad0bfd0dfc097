// A role for what requests for access take beside their grants: one Secret of a fixed name in whatever Namespace is asked for, and the
// references to it. Rules of credentials have theirs elsewhere, so that neither gains a right by the other.
import { TransshipError } from '../../shared/errors.ts';
import type { Manifest } from './kubernetes-object.ts';
import { accessPermissions, type Mode } from './permissions.ts';
import { clusterRole, type RoleOptions } from './roles.ts';

/** @throws TransshipError invalid-usage for a mode that does not reach every Namespace, or changes no ServiceAccount */
export function accessRoles({ mode, isWatching }: { mode: Mode; isWatching: boolean }, role: RoleOptions): Manifest[] {
  if (mode !== 'lean' && mode !== 'fast') {
    throw new TransshipError('invalid-usage', `mode ${mode} does not fit requests for access`, {
      hint: 'a request names any Namespace and changes ServiceAccounts there: choose --mode lean or fast, or leave --access out',
    });
  }
  const purpose =
    'What requests for access take: their Secret in any Namespace, the references to it, and nothing more.';
  return clusterRole({ suffix: 'access', rules: accessPermissions(mode, { isWatching }), purpose }, role);
}
