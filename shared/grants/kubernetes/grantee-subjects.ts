// Whom a grantee of Kubernetes means, as RBAC names them.
import { matchesSelector, type LabelSelector } from '../../cluster/label-selector.ts';
import type { RoleSubject } from '../../cluster/rbac-objects.ts';
import type { Grantee } from '../grant.ts';
import type { Survey } from '../site.ts';

export type GranteeSubject = {
  subject: RoleSubject;
  /** Where it lives; absent: nowhere in particular. */
  namespace?: string;
};

/** Undefined: a grantee that no API server knows. */
export function subjectsOf(grantee: Grantee, survey: Survey): GranteeSubject[] | undefined {
  switch (grantee.kind) {
    case 'ServiceAccount': {
      const { namespace, name } = grantee;
      return [{ subject: { kind: 'ServiceAccount', namespace, name }, namespace }];
    }
    case 'NamespaceServiceAccounts':
      return [everyAccountOf(grantee.namespace)];
    case 'NamespaceSelector': {
      const namespaces = [...(survey.namespaces ?? [])].filter(([, { labels }]) => isMeant(grantee.selector, labels));
      return namespaces.flatMap(([namespace]) => accountsOf(namespace, grantee.serviceAccounts));
    }
    case 'User':
    case 'Group':
      return [{ subject: { kind: grantee.kind, name: grantee.name } }];
    default:
      return undefined;
  }
}

// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects
function everyAccountOf(namespace: string): GranteeSubject {
  return { subject: { kind: 'Group', name: `system:serviceaccounts:${namespace}` }, namespace };
}

function accountsOf(namespace: string, names: readonly string[] | undefined): GranteeSubject[] {
  if (names === undefined) return [everyAccountOf(namespace)];
  return names.map((name) => ({ subject: { kind: 'ServiceAccount', namespace, name }, namespace }));
}

/** An empty selector means nobody: whoever means everybody says `all`. */
function isMeant(selector: LabelSelector | 'all', labels: Readonly<Record<string, string>>): boolean {
  if (selector === 'all') return true;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const isEmpty = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  return !isEmpty && matchesSelector(selector, labels);
}
