// What the API server refuses of one entry, in words that say whose turn it is; the other entries go on.
import { isFieldManagerConflict, isNamespaceTerminating } from '../../cluster/api-status.ts';
import { isTransshipError, type TransshipError } from '../../errors.ts';
import type { EntryOutcome } from '../backend.ts';
import type { BindingContent } from './binding-content.ts';

type Problem = NonNullable<EntryOutcome['problem']>;

/** Undefined: it is no refusal of this entry but may pass, or concerns all. */
export function refusalOf(error: unknown, wanted: BindingContent | undefined): Problem | undefined {
  if (!isTransshipError(error)) return undefined;
  const { code, message, hint } = error;
  if (isNamespaceTerminating(error)) return { message, hint: 'it goes with its namespace: nothing has to be done' };
  if (code === 'denied') return { message, hint: hintForDenied(error, wanted) };
  if (code === 'not-found') {
    return { message, hint: 'is the namespace there, and the role? kubectl get namespaces,clusterroles' };
  }
  const isRefused = code === 'object-refused' || code === 'conflict-refused' || isFieldManagerConflict(error);
  return isRefused ? { message, ...(hint !== undefined && { hint }) } : undefined;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping */
function hintForDenied(error: TransshipError, wanted: BindingContent | undefined): string {
  const asPrinted = '"transship cluster manifests" prints what is needed';
  if (!error.message.includes('not currently held') || wanted === undefined) return error.hint ?? asPrinted;
  const { roleRef, rules = [] } = wanted;
  if (roleRef.kind === 'ClusterRole') {
    return `give our identity the verb "bind" on clusterroles of rbac.authorization.k8s.io, resourceNames [${roleRef.name}]: ${asPrinted}`;
  }
  const held = rules.map(
    ({ verbs, resources, apiGroups }) => `${verbs.join()} on ${resources.join()} of ${apiGroups.join()}`,
  );
  return `whoever makes a Role for single images must hold its rules: give our identity ${held.join(' and ')}: ${asPrinted}`;
}
