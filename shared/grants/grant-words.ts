// Grants in the words of the configuration: what people declared, and could declare again.
import type { Grantee, PullGrant, PullPart, SecretPlace } from './grant.ts';

type Words = { [word: string]: Word | undefined };
type Word = string | boolean | readonly string[] | readonly Word[] | Words;

/** As under `grants` of the configuration, defaults left out. */
export function grantWords(grant: PullGrant): Words {
  const { id, grantees, what, notBefore, expiresAt, reason, requestedBy, approvedBy, ticket } = grant;
  const [first, ...others] = grantees.map(granteeWords);
  return {
    name: id,
    to: others.length === 0 ? first : [first ?? {}, ...others],
    pull: what.map(partWords),
    ...(notBefore === undefined ? {} : { notBefore: notBefore.toISOString() }),
    ...(expiresAt === undefined ? {} : { until: expiresAt.toISOString() }),
    reason,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(grant.mode === 'enforce' ? {} : { mode: grant.mode }),
    ...(grant.onExpiry === 'revoke' ? {} : { onExpiry: grant.onExpiry }),
    ...(grant.pin === 'name' ? {} : { pin: grant.pin }),
    ...(grant.adopt ? { adopt: true } : {}),
  };
}

export function granteeWords(grantee: Grantee): Words {
  switch (grantee.kind) {
    case 'ServiceAccount':
      return { serviceAccount: `${grantee.namespace}/${grantee.name}`, cluster: grantee.cluster };
    case 'NamespaceServiceAccounts':
      return { namespace: grantee.namespace, cluster: grantee.cluster };
    case 'NamespaceSelector':
      return {
        namespaceSelector: selectorWords(grantee.selector),
        ...(grantee.serviceAccounts === undefined ? {} : { serviceAccounts: grantee.serviceAccounts }),
        cluster: grantee.cluster,
      };
    case 'User':
      return { user: grantee.name, ...clusterWords(grantee.cluster) };
    case 'Group':
      return { group: grantee.name, ...clusterWords(grantee.cluster) };
    case 'AwsAccount':
      return { awsAccount: grantee.id };
    case 'AwsPrincipal':
      return { awsRole: grantee.arn };
    case 'AwsOrganization':
      return { awsOrganization: grantee.id, ...(grantee.paths === undefined ? {} : { paths: grantee.paths }) };
    case 'GooglePrincipal':
      return { googlePrincipal: grantee.member };
    case 'AzurePrincipal':
      return { azurePrincipal: { objectId: grantee.objectId, type: grantee.principalType } };
    case 'Robot':
      return { robot: grantee.name, ...secretWords(grantee.secret) };
    case 'Team':
      return { team: grantee.name };
    default:
      return { deployToken: grantee.name, ...secretWords(grantee.secret) };
  }
}

export function partWords({ registry, what, actions }: PullPart): Words {
  return {
    registry,
    ...(what.kind === 'namespace' ? { namespace: what.name } : { repository: what.pattern }),
    ...(actions.length === 1 && actions[0] === 'pull' ? {} : { actions }),
  };
}

type Selector = Extract<Grantee, { kind: 'NamespaceSelector' }>['selector'];

function selectorWords(selector: Selector): Word {
  if (selector === 'all') return selector;
  const { matchLabels, matchExpressions } = selector;
  return {
    ...(matchLabels === undefined ? {} : { matchLabels: { ...matchLabels } }),
    ...(matchExpressions === undefined ? {} : { matchExpressions: matchExpressions.map((one) => ({ ...one })) }),
  };
}

function clusterWords(cluster: string | undefined): Words {
  return cluster === undefined ? {} : { cluster };
}

function secretWords(secret: SecretPlace | undefined): Words {
  return secret === undefined ? {} : { secret: { ...secret } };
}
