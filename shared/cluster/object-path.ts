// What a path of the Kubernetes API names: the resource, its namespace and the object. Errors and the choice of a view need it.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

export type ObjectPath = {
  /** Plural, with the subresource: `serviceaccounts/token`. */
  resource: string;
  /** Absent for the core group. */
  group?: string;
  namespace?: string;
  /** Absent for a collection. */
  name?: string;
};

/** Understands every path of `/api/<version>` and `/apis/<group>/<version>`; anything else is a resource of its own. */
export function readObjectPath(path: string): ObjectPath {
  const segments = path.split('/').filter((segment) => segment !== '');
  const [root] = segments;
  if (root !== 'api' && root !== 'apis') return { resource: path };
  const group = root === 'apis' ? segments[1] : undefined;
  const rest = segments.slice(root === 'apis' ? 3 : 2);
  const isNamespaced = rest[0] === 'namespaces' && rest.length >= 3;
  const [resource = path, name, subresource] = isNamespaced ? rest.slice(2) : rest;
  return {
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    ...(group !== undefined && { group }),
    ...(isNamespaced && rest[1] !== undefined && { namespace: decoded(rest[1]) }),
    ...(name !== undefined && { name: decoded(name) }),
  };
}

/** In words: `secrets registry-pull in namespace team-a`. */
export function nameOfObject({ resource, namespace, name }: ObjectPath): string {
  const object = name === undefined ? resource : `${resource} ${name}`;
  return namespace === undefined ? object : `${object} in namespace ${namespace}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
