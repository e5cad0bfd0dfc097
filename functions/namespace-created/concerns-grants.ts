// Whether grants have anything to do with a Namespace of a cluster, by what is known of it. Pure.
import { matchesSelector } from '../../shared/cluster/label-selector.ts';
import type { Grantee, PullGrant, PullPart } from '../../shared/grants/grant.ts';

type Labels = Readonly<Record<string, string>>;

type Known = {
  name: string;
  /** Absent: not known here, and a grant that selects by them may mean it. */
  labels?: Labels;
};

/** A Namespace is there that was not, is gone, or was made anew. */
export function concernsGrants(grants: readonly PullGrant[], cluster: string, namespace: Known): boolean {
  return grants.some(
    ({ grantees, what }) =>
      grantees.some((grantee) => isOf(grantee, cluster) && means(grantee, namespace)) ||
      (grantees.some((grantee) => isOf(grantee, cluster)) && what.some((part) => hasImagesIn(part, namespace.name))),
  );
}

/** Some selector means it that did not before, or the other way round. */
export function changesGrants(
  grants: readonly PullGrant[],
  cluster: string,
  [before, after]: readonly [before: Labels, after: Labels],
): boolean {
  return grants
    .flatMap(({ grantees }) => grantees)
    .some(
      (grantee) =>
        grantee.kind === 'NamespaceSelector' &&
        grantee.cluster === cluster &&
        grantee.selector !== 'all' &&
        matchesSelector(grantee.selector, before) !== matchesSelector(grantee.selector, after),
    );
}

/** The clusters whose Namespaces grants look at. */
export function grantedClusters(grants: readonly PullGrant[]): string[] {
  const grantees = grants.flatMap((grant) => grant.grantees);
  return [...new Set(grantees.flatMap((grantee) => ('cluster' in grantee ? (grantee.cluster ?? []) : [])))];
}

function isOf(grantee: Grantee, cluster: string): boolean {
  return 'cluster' in grantee && grantee.cluster === cluster;
}

function means(grantee: Grantee, { name, labels }: Known): boolean {
  if (grantee.kind === 'ServiceAccount' || grantee.kind === 'NamespaceServiceAccounts')
    return grantee.namespace === name;
  if (grantee.kind !== 'NamespaceSelector') return false;
  return grantee.selector === 'all' || labels === undefined || matchesSelector(grantee.selector, labels);
}

/** Registries of a cluster have the images of a Namespace under its name. */
function hasImagesIn({ what }: PullPart, namespace: string): boolean {
  if (what.kind === 'namespace') return what.name === namespace;
  const [first] = what.pattern.split('/');
  return first === namespace || first === '**';
}
