// Roles and bindings as RBAC has them: which rules, for whom. Reads them out of what an API server sent.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#api-overview
import type { ApiObject } from './cluster.ts';
import { readObject, readObjects, readText, readTextList, readTexts, requireText, unexpected } from './json-fields.ts';
import type { LabelSelector } from './label-selector.ts';
import { readMetadata, type ObjectMetadata } from './object-metadata.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io';
const RBAC_VERSION = `${RBAC_GROUP}/v1`;

/** What is granted; of a ClusterRoleBinding always a ClusterRole. */
export type RoleRef = { kind: 'Role' | 'ClusterRole'; name: string };

/** The API group of a User and of a Group is that of RBAC, a ServiceAccount has none: neither is told. */
export type RoleSubject =
  | { kind: 'ServiceAccount'; namespace: string; name: string }
  | { kind: 'User' | 'Group'; name: string };

export type RoleRule = {
  verbs: readonly string[];
  apiGroups: readonly string[];
  resources: readonly string[];
  /** Absent: every object. */
  resourceNames?: readonly string[];
};

export type Binding = ObjectMetadata & { roleRef: RoleRef; subjects: readonly RoleSubject[] };
export type RoleBinding = Binding & { namespace: string };
export type Role = ObjectMetadata & { namespace: string; rules: readonly RoleRule[] };
export type ClusterRole = ObjectMetadata & {
  /** Rules for paths that are no resources are left out. */
  rules: readonly RoleRule[];
  /** The rules of all ClusterRoles with these labels are put among its own by a controller. */
  aggregates: readonly LabelSelector[];
};

export type RbacKind = 'Role' | 'RoleBinding' | 'ClusterRole' | 'ClusterRoleBinding';

/** Of a collection, or of an object in it; without a namespace that of all namespaces. */
export function rbacPath(kind: RbacKind, { namespace, name }: { namespace?: string; name?: string } = {}): string {
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `/apis/${RBAC_VERSION}${place}/${kind.toLowerCase()}s${object}`;
}

/** As it is sent. */
export function rbacHead(kind: RbacKind): { apiVersion: string; kind: RbacKind } {
  return { apiVersion: RBAC_VERSION, kind };
}

/** As it is sent. */
export function fullRoleRef(roleRef: RoleRef): { apiGroup: string } & RoleRef {
  return { apiGroup: RBAC_GROUP, ...roleRef };
}

/** As it is sent. */
export function fullSubject(subject: RoleSubject): RoleSubject & { apiGroup?: string } {
  return subject.kind === 'ServiceAccount' ? subject : { apiGroup: RBAC_GROUP, ...subject };
}

/** @throws TransshipError invalid-response */
export function readBinding(object: ApiObject): Binding {
  return { ...readMetadata(object), ...readBound(object) };
}

/** What a binding says, without its metadata. @throws TransshipError invalid-response */
export function readBound(object: ApiObject): Pick<Binding, 'roleRef' | 'subjects'> {
  const roleRef = readObject(object, 'roleRef') ?? {};
  const kind = readText(roleRef, 'kind');
  if (kind !== 'Role' && kind !== 'ClusterRole') throw unexpected('a binding that binds no role');
  return {
    roleRef: { kind, name: requireText(roleRef, 'name') },
    subjects: readObjects(object, 'subjects').map(readSubject),
  };
}

/** @throws TransshipError invalid-response */
export function readRoleBinding(object: ApiObject): RoleBinding {
  return withNamespace(readBinding(object));
}

/** @throws TransshipError invalid-response */
export function readRole(object: ApiObject): Role {
  return withNamespace({ ...readMetadata(object), rules: readRules(object) });
}

/** @throws TransshipError invalid-response */
export function readClusterRole(object: ApiObject): ClusterRole {
  const selectors = readObjects(readObject(object, 'aggregationRule') ?? {}, 'clusterRoleSelectors');
  return { ...readMetadata(object), rules: readRules(object), aggregates: selectors.map(readSelector) };
}

function readSubject(subject: ApiObject): RoleSubject {
  const [kind, name] = [readText(subject, 'kind'), requireText(subject, 'name')];
  if (kind === 'User' || kind === 'Group') return { kind, name };
  if (kind === 'ServiceAccount') return { kind, namespace: requireText(subject, 'namespace'), name };
  throw unexpected('a binding for something that is no subject');
}

/** The member `rules`. @throws TransshipError invalid-response */
export function readRules(object: ApiObject): RoleRule[] {
  return readObjects(object, 'rules').flatMap((rule) => {
    const resources = readTextList(rule, 'resources');
    if (resources.length === 0) return [];
    const resourceNames = readTextList(rule, 'resourceNames');
    return [
      {
        verbs: readTextList(rule, 'verbs'),
        apiGroups: readTextList(rule, 'apiGroups'),
        resources,
        ...(resourceNames.length > 0 && { resourceNames }),
      },
    ];
  });
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

function readSelector(selector: ApiObject): LabelSelector {
  const matchExpressions = readObjects(selector, 'matchExpressions').map((expression) => {
    const said = readText(expression, 'operator');
    const operator = OPERATORS.find((one) => one === said);
    if (operator === undefined) throw unexpected('a label selector with an unknown operator');
    return { key: requireText(expression, 'key'), operator, values: readTextList(expression, 'values') };
  });
  return { matchLabels: readTexts(selector, 'matchLabels'), matchExpressions };
}

function withNamespace<Object extends ObjectMetadata>(object: Object): Object & { namespace: string } {
  const { namespace } = object;
  if (namespace === undefined) throw unexpected('an object without its namespace');
  return { ...object, namespace };
}
