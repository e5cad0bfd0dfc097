// Makes a grantee of what the file says: of a cluster, of a cloud, or of the registry itself.
import type { Grantee, SecretPlace } from '../grants/grant.ts';
import type { ConfigFile } from './schema/schema.ts';
import { toSelector } from './to-selector.ts';

type GrantFile = ConfigFile['grants'][number];
type GranteeFile = Exclude<GrantFile['to'], readonly unknown[]>;
type OfCluster = Extract<GranteeFile, { cluster?: string }>;
type OfCloud = Extract<
  GranteeFile,
  | { awsAccount: string }
  | { awsRole: string }
  | { awsOrganization: string }
  | { googlePrincipal: string }
  | { azurePrincipal: object }
>;

type Surroundings = {
  /** The only cluster there is: the one that is meant where none is named. */
  onlyCluster: string | undefined;
  /** Users and groups are those of Kubernetes. */
  isOfCluster: boolean;
};

/** That a cluster is named where it has to be was checked before. */
export function toGrantee(file: GranteeFile, surroundings: Surroundings): Grantee {
  if (isOfCloud(file)) return toCloudGrantee(file);
  if ('team' in file) return { kind: 'Team', name: file.team };
  const { onlyCluster } = surroundings;
  if ('robot' in file) return { kind: 'Robot', name: file.robot, ...secretAt(file.secret, onlyCluster) };
  if ('deployToken' in file) {
    return { kind: 'DeployToken', name: file.deployToken, ...secretAt(file.secret, onlyCluster) };
  }
  return toClusterGrantee(file, surroundings);
}

function toClusterGrantee(file: OfCluster, { onlyCluster, isOfCluster }: Surroundings): Grantee {
  const cluster = file.cluster ?? onlyCluster ?? '';
  if ('serviceAccount' in file) {
    const [namespace = '', name = ''] = file.serviceAccount.split('/');
    return { kind: 'ServiceAccount', cluster, namespace, name };
  }
  if ('namespace' in file) return { kind: 'NamespaceServiceAccounts', cluster, namespace: file.namespace };
  if ('namespaceSelector' in file) {
    const { namespaceSelector, serviceAccounts } = file;
    const selector = namespaceSelector === 'all' ? namespaceSelector : toSelector(namespaceSelector);
    return {
      kind: 'NamespaceSelector',
      cluster,
      selector,
      ...(serviceAccounts === undefined ? {} : { serviceAccounts }),
    };
  }
  const place = isOfCluster || file.cluster !== undefined ? { cluster } : {};
  return 'user' in file ? { kind: 'User', name: file.user, ...place } : { kind: 'Group', name: file.group, ...place };
}

function isOfCloud(file: GranteeFile): file is OfCloud {
  return ['awsAccount', 'awsRole', 'awsOrganization', 'googlePrincipal', 'azurePrincipal'].some((key) => key in file);
}

function toCloudGrantee(file: OfCloud): Grantee {
  if ('awsAccount' in file) return { kind: 'AwsAccount', id: file.awsAccount };
  if ('awsRole' in file) return { kind: 'AwsPrincipal', arn: file.awsRole };
  if ('googlePrincipal' in file) return { kind: 'GooglePrincipal', member: file.googlePrincipal };
  if ('azurePrincipal' in file) {
    const { objectId, type } = file.azurePrincipal;
    return { kind: 'AzurePrincipal', objectId: objectId.toLowerCase(), principalType: type };
  }
  const { awsOrganization: id, paths } = file;
  return { kind: 'AwsOrganization', id, ...(paths === undefined ? {} : { paths }) };
}

type SecretFile = Extract<GranteeFile, { robot: string }>['secret'];

function secretAt(file: SecretFile, onlyCluster: string | undefined): { secret?: SecretPlace } {
  if (file === undefined) return {};
  const { cluster = onlyCluster ?? '', namespace, name } = file;
  return { secret: { cluster, namespace, name } };
}
