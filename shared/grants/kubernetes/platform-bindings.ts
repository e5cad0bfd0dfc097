// Tells the bindings that the platform itself makes, so that they are left alone and nobody takes them for a finding.
import type { RoleSubject } from '../../cluster/rbac-objects.ts';
import type { PullingBinding } from './pulling-bindings.ts';

/** Of what an API server itself makes: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings */
const BOOTSTRAPPING = 'kubernetes.io/bootstrapping';
const PLATFORM_NAMESPACE = /^(?:kube|openshift|cpaas)(?:-|$)/;
const ACCOUNT = /^system:serviceaccount:(?<namespace>[^:]+):/;
const ACCOUNTS_OF = /^system:serviceaccounts:(?<namespace>.+)$/;

/**
 * That a name begins with `system:` says little: those whom it binds must be the platform's, too, or at home in the namespace, as in the
 * `system:image-pullers` that OpenShift puts into each.
 */
export function isOfPlatform({ binding }: PullingBinding): boolean {
  const { name, namespace, labels, subjects } = binding;
  if (BOOTSTRAPPING in labels || subjects.every(isPlatformSubject)) return true;
  return name.startsWith('system:') && namespace !== undefined && subjects.every((one) => homeOf(one) === namespace);
}

/** Undefined: no ServiceAccount, or those of all namespaces. */
export function homeOf(subject: RoleSubject): string | undefined {
  if (subject.kind === 'ServiceAccount') return subject.namespace;
  const pattern = subject.kind === 'User' ? ACCOUNT : ACCOUNTS_OF;
  return pattern.exec(subject.name)?.groups?.['namespace'];
}

function isPlatformSubject(subject: RoleSubject): boolean {
  const home = homeOf(subject);
  if (home !== undefined) return PLATFORM_NAMESPACE.test(home);
  return subject.name.startsWith('system:') && subject.name !== 'system:serviceaccounts';
}
