// Says whether somebody may pull an image, by asking whoever decides: the cluster that its registry obeys, or the registry itself, with the
// credential that a kubelet would use. The command and the API have the same answer.
import type { Config } from '../shared/config/config.ts';
import type { RoleSubject } from '../shared/cluster/rbac-objects.ts';
import { TransshipError } from '../shared/errors.ts';
import { canPullInCluster } from '../shared/grants/can-pull.ts';
import { nameOfSubject } from '../shared/grants/kubernetes/review-points.ts';
import type { PullAnswer } from '../shared/grants/pull-answer.ts';
import type { PullProfile } from '../shared/grants/pull-profile.ts';
import { readPullSubject } from '../shared/grants/pull-subject.ts';
import { sitesOf, type Sites } from '../shared/grants/sites.ts';
import { formatReference, parseReference, type Reference } from '../shared/oci/reference.ts';
import { printable } from '../shared/telemetry/printable.ts';
import { listedPullers, namesSubject } from './can-pull/listed-pullers.ts';
import type { PullMeans } from './can-pull/pull-means.ts';
import { tryAsKubelet } from './can-pull/try-as-kubelet.ts';
import { registryNames } from './registry-names.ts';

type Known = Pick<Config, 'registries' | 'clusters' | 'grants' | 'instance'>;

export type PullQuestion = {
  /** `my-ns/default`, `system:serviceaccount:my-ns:default`, `user:jane`, `group:dev`. */
  subject: string;
  image: string;
  /** Not needed where one cluster can be meant only. */
  cluster?: string | undefined;
  signal?: AbortSignal;
};

/** @throws TransshipError invalid-usage, invalid-reference; else as the way to a cluster does */
export async function canPull(config: Known, means: PullMeans, question: PullQuestion): Promise<PullAnswer> {
  const subject = readPullSubject(question.subject);
  const image = parseReference(question.image);
  const names = registryNames(image.registry, config);
  const sites = sitesOf(config);
  const deciding = decidingClusters(config, sites, names);
  const asked = { subject, image, names, sites, ...(question.signal === undefined ? {} : { signal: question.signal }) };
  if (deciding.length === 0) return elsewhere(config, means, { ...asked, cluster: question.cluster });
  const { cluster, registry, profile } = chosen(deciding, question.cluster, image.registry);
  const site = sites.ofCluster(cluster);
  return canPullInCluster(await means.clusters.get(cluster), {
    ...asked,
    registry,
    profile,
    site: { ...site, profiles: new Map([...site.profiles, [registry, profile]]) },
    instance: config.instance,
  });
}

type Deciding = { cluster: string; registry: string; profile: PullProfile };

function decidingClusters({ clusters }: Known, sites: Sites, names: readonly string[]): Deciding[] {
  return clusters.flatMap(({ name: cluster }) => {
    const found = names.flatMap((registry) => {
      const profile = sites.profileOf(registry, cluster);
      return profile === undefined ? [] : [{ cluster, registry, profile }];
    });
    return found.slice(0, 1);
  });
}

/** @throws TransshipError invalid-usage */
function chosen(deciding: readonly Deciding[], wanted: string | undefined, registry: string): Deciding {
  const [first, second] = deciding;
  const found =
    wanted === undefined && second === undefined ? first : deciding.find(({ cluster }) => cluster === wanted);
  if (found !== undefined) return found;
  const names = deciding.map(({ cluster }) => cluster).join(', ');
  if (wanted === undefined) {
    throw new TransshipError('invalid-usage', `${registry} is in several clusters: ${names}`, {
      hint: 'name the one that is meant: --cluster',
    });
  }
  throw new TransshipError(
    'invalid-usage',
    `${registry} does not ask cluster "${printable(wanted, 60)}" who may pull`,
    {
      hint: `it asks ${names}`,
    },
  );
}

type Asked = {
  subject: RoleSubject;
  image: Reference;
  names: readonly [string, ...string[]];
  sites: Sites;
  signal?: AbortSignal;
};

async function elsewhere(
  config: Known,
  means: PullMeans,
  { cluster, ...asked }: Asked & { cluster: string | undefined },
): Promise<PullAnswer> {
  const { subject, image, names, sites, signal } = asked;
  const [registry] = names;
  const base = { subject: nameOfSubject(subject), image: formatReference(image), decidedBy: registry };
  const kind = config.registries.find(({ host }) => host === registry)?.kind;
  const tried =
    subject.kind === 'ServiceAccount'
      ? await tryAsKubelet({
          ...asked,
          cluster: await means.clusters.get(clusterFor(config, cluster)),
          account: subject,
          kind,
          probeImage: means.probeImage,
        })
      : undefined;
  // the registry itself has let it in: nobody has to be asked any more
  if (tried?.answer === 'yes') return { ...base, ...tried, method: 'probe', by: [] };
  const listed = await listedPullers(means.grantBackends, sites.ofRegistry(registry), image.repository, signal);
  if (tried !== undefined) {
    return { ...base, ...tried, method: 'probe', by: listed.findings, notes: [...tried.notes, ...listed.notes] };
  }
  const naming = listed.findings.filter((finding) => namesSubject(finding, subject, new Date()));
  const [first] = naming;
  if (first !== undefined) {
    const why = `${first.object} lets ${first.who.join(', ')} pull ${first.what}`;
    return { ...base, answer: 'yes', method: 'policy-evaluation', why, by: naming, notes: listed.notes };
  }
  return {
    ...base,
    answer: 'unknown',
    method: 'none',
    why: `${registry} does not say whether it lets ${base.subject} pull`,
    by: listed.findings,
    notes: listed.notes,
    hint: 'ask for a ServiceAccount: what its pull Secrets have for the image is tried at the registry',
  };
}

/** @throws TransshipError invalid-usage, invalid-config */
function clusterFor({ clusters }: Known, wanted: string | undefined): string {
  const [first, second] = clusters;
  if (first === undefined) {
    throw new TransshipError('invalid-config', 'the configuration has no clusters, and a ServiceAccount is in one', {
      hint: 'name it: clusters: [{ name: prod, kubeconfig: {} }]',
    });
  }
  if (wanted !== undefined || second === undefined) return wanted ?? first.name;
  const names = clusters.map(({ name }) => name).join(', ');
  throw new TransshipError('invalid-usage', 'there are several clusters, and a ServiceAccount is in one', {
    hint: `name it: --cluster, one of ${names}`,
  });
}
