// `transship cluster manifests`: what is to be applied to a cluster so that Transship can work there, as YAML.
import type { ClusterConfig, Config } from '../../../shared/config/config.ts';
import { nearestWord } from '../../../shared/config/nearest-word.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import type { Subject } from '../../kubernetes/kubernetes-object.ts';
import { manifestsOf, type ManifestOptions } from '../../kubernetes/manifests.ts';
import type { Mode } from '../../kubernetes/permissions.ts';
import { manifestsToYaml } from '../../kubernetes/to-yaml.ts';
import { readMasterKey } from '../../node/master-key.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { readAuthorities } from '../open-registries.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { secretReader } from '../secret-reader.ts';

export type ClusterManifestsOptions = {
  mode: Mode;
  watch?: boolean;
  attach: ManifestOptions['attach'];
  access?: boolean;
  admission?: string;
  serviceAccount?: string;
  user?: string;
  group?: string;
  deployment?: string;
};

const OWN_ACCOUNT = 'transship/transship';

export async function runClusterManifests(
  context: Context,
  name: string | undefined,
  options: ClusterManifestsOptions,
): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  const cluster = chooseCluster(config, name);
  const subject = readSubject(options);
  const admission = await readAdmission(context, config, cluster, options);
  if (options.attach === 'webhook' && admission === undefined) {
    throw new TransshipError('invalid-usage', '--attach webhook needs the address that the API server calls', {
      hint: 'add --admission https://transship.example.com:8443, or leave --attach out on Kubernetes 1.36 and later',
    });
  }
  const manifests = manifestsOf(config, {
    cluster: cluster.name,
    mode: options.mode,
    subject,
    // serve looks at new Namespaces by a watch
    isWatching: options.watch === true || options.deployment !== undefined,
    attach: options.attach,
    access: options.access === true,
    ...(admission === undefined ? {} : { admission }),
    ...deploymentOf(config, subject, options),
  });
  if (!globals.json) {
    io.stdout.write(manifestsToYaml(manifests));
    return EXIT.done;
  }
  for (const { purpose, object } of manifests) printJsonLine(io, { type: 'manifest', purpose, object });
  printJsonLine(io, { type: 'report', cluster: cluster.name, mode: options.mode, manifests: manifests.length });
  return EXIT.done;
}

/** The named one, or the only one. @throws TransshipError invalid-usage, invalid-config */
export function chooseCluster({ clusters }: Pick<Config, 'clusters'>, name: string | undefined): ClusterConfig {
  const known = clusters.map((one) => one.name);
  const [only, ...others] = clusters;
  if (only === undefined) {
    throw new TransshipError('invalid-config', 'the configuration has no clusters', {
      hint: 'name one: clusters: [{ name: prod, kubeconfig: {} }]',
    });
  }
  const found = name === undefined && others.length === 0 ? only : clusters.find((one) => one.name === name);
  if (found !== undefined) return found;
  if (name === undefined) {
    throw new TransshipError('invalid-usage', 'there are several clusters', { hint: `name one: ${known.join(', ')}` });
  }
  const near = nearestWord(name, known);
  throw new TransshipError('invalid-usage', `there is no cluster "${printable(name, 60)}"`, {
    hint: near === undefined ? `the clusters are: ${known.join(', ')}` : `did you mean ${near}?`,
  });
}

/** @throws TransshipError invalid-usage */
function readSubject({ serviceAccount, user, group }: ClusterManifestsOptions): Subject {
  const given = [serviceAccount, user, group].filter((one) => one !== undefined);
  if (given.length > 1) {
    throw new TransshipError('invalid-usage', 'Transship is one subject in a cluster', {
      hint: 'give one of --service-account, --user and --group',
    });
  }
  if (user !== undefined) return { user };
  if (group !== undefined) return { group };
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(serviceAccount ?? OWN_ACCOUNT) ?? [];
  if (namespace !== undefined && name !== undefined) return { serviceAccount: { namespace, name } };
  throw new TransshipError('invalid-usage', `"${printable(serviceAccount ?? '', 100)}" is not a ServiceAccount`, {
    hint: `write it with its Namespace: --service-account ${OWN_ACCOUNT}`,
  });
}

/** @throws TransshipError invalid-usage */
async function readAdmission(
  context: Context,
  config: Config,
  cluster: ClusterConfig,
  options: ClusterManifestsOptions,
): Promise<ManifestOptions['admission']> {
  const base = options.admission ?? ownAddress(config, options);
  if (base === undefined) return undefined;
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url?.protocol !== 'https:' || `${url.username}${url.search}${url.hash}` !== '') {
    throw new TransshipError('invalid-usage', `--admission "${printable(base, 100)}" is no https address`, {
      hint: 'API servers call https only: write it like https://transship.example.com:8443',
    });
  }
  const path = ['k8s', 'admission', cluster.name, ...(await pathToken(context, config, cluster))];
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${path.map(encodeURIComponent).join('/')}`;
  const authorities = await readAuthorities(context);
  return { url, ...(authorities.length === 0 ? {} : { certificateAuthority: authorities.join('\n') }) };
}

/** Of the Service that is printed with the Deployment. */
function ownAddress({ api }: Config, { deployment, serviceAccount }: ClusterManifestsOptions): string | undefined {
  if (deployment === undefined || api.admission === undefined) return undefined;
  const [namespace = '', name = ''] = (serviceAccount ?? OWN_ACCOUNT).split('/');
  return `https://${name}.${namespace}.svc:${api.admission.listen.port}`;
}

/** Where API servers show certificates, none is needed. */
async function pathToken({ io }: Context, config: Config, { name }: ClusterConfig): Promise<string[]> {
  if (config.api.admission?.tls?.clientCa !== undefined) return [];
  const masterKey = await readMasterKey(config, secretReader(io.env));
  const token = openClusterSenders(config, masterKey).pathTokenOf(name);
  return token === undefined ? [] : [token];
}

/** @throws TransshipError invalid-usage */
function deploymentOf(
  { api }: Config,
  subject: Subject,
  { deployment }: ClusterManifestsOptions,
): Pick<ManifestOptions, 'deployment'> {
  if (deployment === undefined) return {};
  if (!('serviceAccount' in subject)) {
    throw new TransshipError('invalid-usage', 'a Pod of the cluster is a ServiceAccount there', {
      hint: 'with --deployment give --service-account, or none',
    });
  }
  const { admission } = api;
  const ports = {
    apiPort: api.listen.port,
    ...(admission === undefined ? {} : { admissionPort: admission.listen.port }),
  };
  return { deployment: { ...subject.serviceAccount, image: deployment, ...ports } };
}
