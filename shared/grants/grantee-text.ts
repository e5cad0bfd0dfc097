// Grantees in a few words, for tables and lines of a log.
import type { LabelSelector } from '../cluster/label-selector.ts';
import type { Grantee } from './grant.ts';

/** `ServiceAccount my-ns/default`, `every ServiceAccount of my-ns`, `account 123456789012`; the cluster stands behind an `@`. */
export function granteeText(grantee: Grantee): string {
  const place = 'cluster' in grantee && grantee.cluster !== undefined ? ` @${grantee.cluster}` : '';
  return `${nameOf(grantee)}${place}`;
}

function nameOf(grantee: Grantee): string {
  switch (grantee.kind) {
    case 'ServiceAccount':
      return `ServiceAccount ${grantee.namespace}/${grantee.name}`;
    case 'NamespaceServiceAccounts':
      return `every ServiceAccount of ${grantee.namespace}`;
    case 'NamespaceSelector': {
      const accounts =
        grantee.serviceAccounts === undefined ? 'every ServiceAccount' : grantee.serviceAccounts.join(', ');
      return `${accounts} of ${selectorText(grantee.selector)}`;
    }
    case 'AwsAccount':
      return `account ${grantee.id}`;
    case 'AwsPrincipal':
      return grantee.arn;
    case 'AwsOrganization':
      return `organization ${[grantee.id, ...(grantee.paths ?? [])].join(' ')}`;
    case 'GooglePrincipal':
      return grantee.member;
    case 'AzurePrincipal':
      return `${grantee.principalType} ${grantee.objectId}`;
    case 'DeployToken':
      return `deploy token ${grantee.name}`;
    default:
      return `${grantee.kind.toLowerCase()} ${grantee.name}`;
  }
}

function selectorText(selector: LabelSelector | 'all'): string {
  if (selector === 'all') return 'every Namespace';
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
    [key, operator, ...(values.length === 0 ? [] : [`(${values.join(', ')})`])].join(' '),
  );
  return `Namespaces with ${[...labels, ...expressions].join(', ')}`;
}
