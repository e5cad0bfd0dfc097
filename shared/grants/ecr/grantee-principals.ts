// What a grantee is in a policy of AWS: principals, or a condition on the organization that everybody has to be of.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import type { Grantee } from '../grant.ts';

export type MeantPrincipals = {
  /** ARNs, or `*`. Sorted. */
  principals: readonly string[];
  /** Whole organizations. Sorted. */
  organizations: readonly string[];
  /** Parts of organizations: `o-…/r-…/ou-…/*`. Sorted. */
  paths: readonly string[];
  /** Why these reach further than a grant may without approval. */
  overbroad: readonly string[];
  unsupported: readonly { message: string; hint: string }[];
};

type Surroundings = {
  /** Of the registry. */
  partition: string;
  /** Whether an account as a whole is known: the configuration names it, or somebody approved of the grant. */
  isKnown: (account: string) => boolean;
};

type Refusal = { message: string; hint: string };

const PRINCIPAL =
  /^arn:(?<partition>aws[a-z-]*):(?:iam::(?<account>\d{12}):(?:(?<root>root)|role\/.+|user\/.+)|sts::\d{12}:(?:assumed-role|federated-user)\/.+)$/;

export function meantPrincipals(grantees: readonly Grantee[], surroundings: Surroundings): MeantPrincipals {
  const principals = new Set<string>();
  const organizations = new Set<string>();
  const paths = new Set<string>();
  const overbroad = new Set<string>();
  const unsupported: Refusal[] = [];
  for (const grantee of grantees) {
    const meant = meantBy(grantee, surroundings);
    if ('message' in meant) unsupported.push(meant);
    else {
      if (meant.principal !== undefined) principals.add(meant.principal);
      if (meant.organization !== undefined) organizations.add(meant.organization);
      for (const path of meant.paths ?? []) paths.add(path);
      if (meant.overbroad !== undefined) overbroad.add(meant.overbroad);
    }
  }
  return {
    principals: [...principals].toSorted(),
    organizations: [...organizations].toSorted(),
    paths: [...paths].toSorted(),
    overbroad: [...overbroad],
    unsupported,
  };
}

type Meant = { principal?: string; organization?: string; paths?: readonly string[]; overbroad?: string };

function meantBy(grantee: Grantee, { partition, isKnown }: Surroundings): Meant | Refusal {
  if (grantee.kind === 'AwsAccount') return accountMeant(grantee.id, partition, isKnown);
  if (grantee.kind === 'AwsPrincipal') return principalMeant(grantee.arn, partition, isKnown);
  if (grantee.kind === 'AwsOrganization') return organizationMeant(grantee.id, grantee.paths);
  if ('cluster' in grantee && grantee.cluster !== undefined) {
    return {
      message: `${grantee.kind} ${nameOf(grantee)} of cluster ${grantee.cluster}: a policy of ECR knows nobody of Kubernetes`,
      hint: 'let a rule of credentials put a pull Secret there, or grant to the role that the ServiceAccount has by IRSA: { awsRole: … }',
    };
  }
  return {
    message: `${grantee.kind} ${nameOf(grantee)}: a policy of ECR does not know such grantees`,
    hint: 'grant to awsAccount, awsRole or awsOrganization',
  };
}

function accountMeant(id: string, partition: string, isKnown: Surroundings['isKnown']): Meant | Refusal {
  if (!/^\d{12}$/.test(id)) {
    return {
      message: `"${id}" is not the ID of an AWS account`,
      hint: 'write its twelve digits, zeros at its front too',
    };
  }
  const principal = `arn:${partition}:iam::${id}:root`;
  if (isKnown(id)) return { principal };
  return { principal, overbroad: `the whole account ${id}, which the configuration does not know` };
}

function principalMeant(arn: string, partition: string, isKnown: Surroundings['isKnown']): Meant | Refusal {
  if (arn === '*') return { principal: arn, overbroad: 'everybody at all' };
  const groups = PRINCIPAL.exec(arn)?.groups;
  if (groups === undefined || /[*?\s"]/.test(arn)) {
    return {
      message: `${arn} is no principal that a policy takes`,
      hint: 'name a role or user in full (no wildcard, no group), the whole account, or an organization',
    };
  }
  if (groups['partition'] !== partition) {
    return {
      message: `${arn} is of partition ${groups['partition']}, and the registry of ${partition}: no policy reaches from one to the other`,
      hint: 'copy the images to a registry of that partition, and grant there',
    };
  }
  return groups['root'] === undefined ? { principal: arn } : accountMeant(groups['account'] ?? '', partition, isKnown);
}

/** Everybody would be meant by a path that does not begin with an organization. */
function organizationMeant(id: string, paths: readonly string[] | undefined): Meant | Refusal {
  if (paths === undefined || paths.length === 0) return { organization: id };
  const stray = paths.find((path) => !path.startsWith(`${id}/`));
  if (stray === undefined) return { paths };
  return {
    message: `the path ${stray} is none of organization ${id}`,
    hint: `write it like ${id}/r-ab12/ou-ab12-11111111/*`,
  };
}

function nameOf(grantee: Grantee): string {
  if ('name' in grantee) return 'namespace' in grantee ? `${grantee.namespace}/${grantee.name}` : grantee.name;
  if ('namespace' in grantee) return grantee.namespace;
  if ('member' in grantee) return grantee.member;
  return 'objectId' in grantee ? grantee.objectId : 'of namespaces';
}
