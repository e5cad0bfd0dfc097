// What a request for access comes down to: the grant to store, who brings the credential, and the copy that was asked for. Pure; what is
// done about it is said by apply-access.ts.
import { createHash } from 'node:crypto';
import type { Config, RegistryConfig } from '../../shared/config/config.ts';
import { parseMoment } from '../../shared/config/moments.ts';
import { selectsNamespace, selectsServiceAccount } from '../../shared/credentials/selects-namespace.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { Grantee, PullGrant, PullPart } from '../../shared/grants/grant.ts';
import { sitesOf } from '../../shared/grants/sites.ts';
import { formatReference, parseReference, type Reference } from '../../shared/oci/reference.ts';
import { printable } from '../../shared/telemetry/printable.ts';
import type { MirrorPayload } from '../job-kinds/mirror-job.ts';
import { registryNames } from '../registry-names.ts';
import { accessRuleName } from './access-rules.ts';
import type { AccessOrder } from './access-order.ts';

export type AccessPlan = {
  /** Of the grant; the same for the same request, whoever asks, until when and why. */
  id: string;
  cluster: string;
  namespace: string;
  image: string;
  /** As the configuration calls it. */
  registry: string;
  serviceAccounts: readonly string[];
  until?: Date;
  /** To be stored; absent: all that is asked for holds by the configuration. */
  grant?: PullGrant;
  credential:
    /** A rule of credentials of that name brings it. */
    | { by: 'configuration' | 'access'; rule: string }
    /** The registry is configured to be pulled from without a login. */
    | { by: 'nobody' }
    /** The configuration has none. */
    | { by: 'missing' };
  mirror?: MirrorPayload;
};

type Known = {
  config: Pick<Config, 'clusters' | 'registries' | 'credentials' | 'grants'>;
  /** Of the Namespace. */
  labels: Readonly<Record<string, string>>;
  requestedBy: string;
  now: Date;
};

const DEFAULT_ACCOUNT = 'default';
const LONGEST_NAMESPACE = 22;

/** @throws TransshipError invalid-usage, invalid-reference; grant-refused for an end that is past */
export function planAccess(order: AccessOrder, { config, labels, requestedBy, now }: Known): AccessPlan {
  const cluster = clusterOf(order, config);
  const reference = parseReference(order.image);
  const [registry] = registryNames(reference.registry, config);
  const { namespace } = order;
  const serviceAccounts = [...new Set(order.serviceAccounts ?? [DEFAULT_ACCOUNT])].toSorted();
  const until = endOf(order, now);
  const id = idOf({ ...order, cluster, image: `${registry}/${reference.repository}` });
  const credential = credentialOf({ cluster, namespace, labels, registry, serviceAccounts }, config);
  const part = partOf(cluster, { ...reference, registry }, config);
  const needsAccess = credential.by === 'access';
  const grant: PullGrant = {
    id,
    grantees: granteesOf(order, cluster),
    what: part === undefined ? [] : [part],
    ...(until === undefined ? {} : { expiresAt: until }),
    reason: order.reason,
    requestedBy,
    mode: 'enforce',
    onExpiry: 'revoke',
    pin: 'name',
    adopt: false,
    origin: 'store',
    ...(needsAccess ? { access: { cluster, namespace, registries: [registry], serviceAccounts } } : {}),
  };
  return {
    id,
    cluster,
    namespace,
    image: formatReference({ ...reference, registry }),
    registry,
    serviceAccounts,
    ...(until === undefined ? {} : { until }),
    ...(part === undefined && !needsAccess ? {} : { grant }),
    credential,
    ...(order.mirrorFrom === undefined ? {} : { mirror: mirrorOf(order.mirrorFrom, reference) }),
  };
}

/** The cluster that a request is about. @throws TransshipError invalid-usage */
export function clusterOf({ cluster }: Pick<AccessOrder, 'cluster'>, { clusters }: Pick<Config, 'clusters'>): string {
  const names = clusters.map(({ name }) => name);
  const [first, second] = names;
  if (cluster === undefined && first !== undefined && second === undefined) return first;
  if (cluster !== undefined && names.includes(cluster)) return cluster;
  const message =
    cluster === undefined ? 'which cluster is not said' : `there is no cluster "${printable(cluster, 60)}"`;
  throw new TransshipError('invalid-usage', message, {
    hint:
      first === undefined ? 'the configuration has none: name it under clusters:' : `there are: ${names.join(', ')}`,
  });
}

function endOf({ until }: AccessOrder, now: Date): Date | undefined {
  if (until === undefined) return undefined;
  const end = parseMoment(until, 'end');
  if (end === undefined) {
    throw new TransshipError('invalid-usage', `"${printable(until, 60)}" is no date and no moment`, {
      hint: 'write it like 2027-01-31 or 2027-01-31T12:00:00Z',
    });
  }
  if (end > now) return end;
  throw new TransshipError('grant-refused', `it would end at ${end.toISOString()}, which is past`, {
    hint: 'give a later end',
  });
}

/** At most 40 characters. */
function idOf({ cluster, namespace, image, serviceAccounts }: AccessOrder): string {
  const accounts = serviceAccounts === undefined ? null : [...new Set(serviceAccounts)].toSorted();
  const text = JSON.stringify([cluster, namespace, image, accounts]);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return `access-${namespace.slice(0, LONGEST_NAMESPACE).replace(/-+$/, '')}-${hash}`;
}

function granteesOf({ namespace, serviceAccounts }: AccessOrder, cluster: string): Grantee[] {
  if (serviceAccounts === undefined) return [{ kind: 'NamespaceServiceAccounts', cluster, namespace }];
  return [...new Set(serviceAccounts)].toSorted().map((name) => ({ kind: 'ServiceAccount', cluster, namespace, name }));
}

/** Undefined where the registry does not ask the cluster. @throws TransshipError invalid-usage */
function partOf(cluster: string, { registry, repository }: Reference, config: Known['config']): PullPart | undefined {
  const profile = sitesOf(config).profileOf(registry, cluster);
  if (profile === undefined) return undefined;
  const [name, ...rest] = repository.split('/');
  if (name === undefined || rest.length === 0) {
    throw new TransshipError('invalid-usage', `${registry}/${repository} names no Namespace of images`, {
      hint: `images of a registry inside of a cluster are called ${registry}/NAMESPACE/NAME`,
    });
  }
  const isNarrow = profile.nameFrom === 'image';
  return {
    registry,
    what: isNarrow ? { kind: 'repository', pattern: repository } : { kind: 'namespace', name },
    actions: ['pull'],
  };
}

type CredentialPlace = {
  cluster: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
  registry: string;
  serviceAccounts: readonly string[];
};

function credentialOf(
  { cluster, namespace, labels, registry, serviceAccounts }: CredentialPlace,
  config: Known['config'],
): AccessPlan['credential'] {
  const names = registryNames(registry, config);
  const covering = config.credentials.find(
    (rule) =>
      rule.clusters.includes(cluster) &&
      rule.registries.some((one) => names.includes(one)) &&
      selectsNamespace(rule.namespaces, { name: namespace, labels }) &&
      // whom a selector means is known by their labels only
      serviceAccounts.every((name) => selectsServiceAccount(rule.serviceAccounts, { name, labels: {} })),
  );
  if (covering !== undefined) return { by: 'configuration', rule: covering.name };
  const credential = config.registries.find(({ host }) => host === registry)?.credential;
  if (credential === undefined) return { by: 'missing' };
  return isAnonymous(credential) ? { by: 'nobody' } : { by: 'access', rule: accessRuleName({ cluster, namespace }) };
}

function isAnonymous(credential: NonNullable<RegistryConfig['credential']>): boolean {
  return credential === 'anonymous';
}

function mirrorOf(source: string, target: Reference): MirrorPayload {
  return {
    source: formatReference(parseReference(source)),
    targets: [formatReference(target)],
    trigger: 'api',
    referrers: true,
    onConflict: 'overwrite',
  };
}
