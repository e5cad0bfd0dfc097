// What stands around every host under the contract suite: registries of both generations of the CNCF distribution, one that speaks for ECR,
// a Kubernetes API server, AWS by moto, and the configuration that names them all.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { manifestsOf } from '../../../infra/kubernetes/manifests.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { madeKeys } from '../../../infra/node/token-keys/made-keys.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { startFakeEcr, type FakeEcr } from '../clouds/fake-ecr.ts';
import { startFront } from '../front.ts';
import { startStrictEcr } from '../grants/strict-ecr.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../kubernetes.ts';
import { startMoto, type Moto } from '../moto.ts';
import type { Place } from '../planted-content.ts';
import { pushPlanted, type Login } from '../push-planted.ts';
import { plantRealImage } from '../real-image.ts';
import { isMissing, requireComponent } from '../require-component.ts';
import { until } from '../serve-process.ts';
import { startServer, type Server } from '../servers.ts';
import { ECR_PASSWORD, startEcrApi, startEcrFront, type JudgeEcr } from './ecr-fronts.ts';
import type { ConfigTerms, HostConfig, HostWorld } from './host-subject.ts';

export const REGION = 'eu-west-1';
/** As moto has it. */
export const ACCOUNT = '123456789012';
/** The registry that speaks for ECR is known by this name, too: events of EventBridge have it. */
export const ECR = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
/** Of this one there is only the AWS API. */
export const ECR_API = `${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com`;
const ECR_LOGIN: Login = { username: 'AWS', password: ECR_PASSWORD };
export const SERVICE = 'registry-of-tests';
const CLUSTER_USER = 'transship-host';

/** What a registry of the cluster takes. */
const PULLER = { username: 'puller', password: 'canary-password-of-tests' };

export type Scene = HostWorld & {
  moto: Moto;
  /** Where the AWS API of ECR is. */
  ecrApi: { url: string };
  kubernetes: Kubernetes;
  source: Server;
  target: Server;
  /** Speaks for ECR as a source. */
  ecr: Server;
  /** Where hosts find it. */
  ecrHost: string;
  /** Is asked about tokens of ECR that belong to somebody; until somebody sets it, they may do nothing. */
  judgeEcr: { current: JudgeEcr };
  /** Speaks for ECR as a target. */
  ecrTarget: FakeEcr;
  /** The cluster decides who may pull from it. */
  inside: Server;
  /** The host of the source once more, where reads can be held. */
  slow: string;
  /** Holds reads of paths that begin so at the slow source, until it is disposed of. */
  hold(path: string): Held;
  /** Pushes a small image under the tags into the source, or elsewhere, with layers of its own or of another one; gives its digest. */
  push(repository: string, tags: readonly string[], where?: { server?: Server; like?: string }): Promise<string>;
  /** The digest of a tag in the target. */
  mirrored(repository: string, tag: string): Promise<string | undefined>;
  makeNamespace(name: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Held = Disposable & {
  /** Resolves when the first one waits. */
  reached: Promise<void>;
};

/** True where the suite has to be skipped. */
export function isSceneMissing(): boolean {
  return isKubernetesMissing() || isMissing('moto', 'docker-registry', 'distribution');
}

export async function openScene(): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'transship-host-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const older = requireComponent('docker-registry');
  const [moto, kubernetes, source, target, ecr, inside] = await Promise.all([
    startMoto(requireComponent('moto')).then((one) => opened.use(one)),
    startKubernetes({ hasControllers: true, users: { [CLUSTER_USER]: [] } }).then((one) => opened.use(one)),
    startServer({ program: older }).then((one) => opened.use(one)),
    startServer({ program: requireComponent('distribution') }).then((one) => opened.use(one)),
    startServer({ program: older, auth: { kind: 'htpasswd', ...ECR_LOGIN } }).then((one) => opened.use(one)),
    startServer({ program: older, auth: { kind: 'htpasswd', ...PULLER } }).then((one) => opened.use(one)),
  ]);
  const strictEcr = opened.use(await startStrictEcr(moto.url));
  strictEcr.registryPolicyScope = 'V2';
  const ecrTarget = opened.use(await startFakeEcr());
  ecrTarget.settings.token = ECR_PASSWORD;
  const ecrApi = opened.use(await startEcrApi(ecrTarget, strictEcr));
  const judgeEcr: Scene['judgeEcr'] = { current: () => false };
  const judge: JudgeEcr = (...asked) => judgeEcr.current(...asked);
  const ecrFront = opened.use(await startEcrFront(ecr, judge));
  const ecrTargetFront = opened.use(await startEcrFront(ecrTarget, judge));
  const holds = new Map<string, { reach(): void; released: Promise<void> }>();
  const slow = await startFront(source, async ({ url = '' }) => {
    const [, held] = [...holds].find(([start]) => url.startsWith(start)) ?? [];
    held?.reach();
    await held?.released;
    return false;
  });
  opened.use(slow);
  const built = await startRegistry();
  opened.defer(() => built.stop());
  const logins = new Map([
    [ecr, ECR_LOGIN],
    [inside, PULLER],
  ]);
  const { pairs, signing } = await madeKeys(folder, new Date());
  const secrets = {
    HOOK: 'Bearer hook-of-tests',
    SIGNING: 'canary-signing-of-tests',
    PLAIN_PASSWORD: PULLER.password,
    CLUSTER_TOKEN: kubernetes.tokenOf(CLUSTER_USER),
    CLUSTER_CA: kubernetes.ca,
    TOKEN_CERTIFICATE: pairs[signing]?.certificate ?? '',
    TOKEN_KEY: pairs[signing]?.key.reveal() ?? '',
  };
  const config = (terms: ConfigTerms): HostConfig =>
    configFor(
      { source, slow, target, ecr: ecrFront, ecrTarget: ecrTargetFront, inside, server: kubernetes.server },
      terms,
    );
  await prepareCluster(kubernetes, config({ secret: (env) => ({ env }), bus: { mode: 'platform' } }));
  const rest = opened.move();
  return {
    moto,
    kubernetes,
    source,
    target,
    ecr,
    ecrHost: ecrFront.host,
    ecrTarget,
    judgeEcr,
    ecrApi,
    inside,
    slow: slow.host,
    secrets,
    config,
    hold(start) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      holds.set(start, { reach: reached.resolve, released: released.promise });
      return {
        reached: reached.promise,
        [Symbol.dispose]() {
          holds.delete(start);
          released.resolve();
        },
      };
    },
    async push(repository, tags, { server = source, like = repository } = {}) {
      const place: Place = { registry: built, repository };
      let digest = '';
      for (const tag of tags) {
        ({ digest } = await plantRealImage(place, {
          tag,
          layers: [`a layer of ${like}`, `more of ${like}`],
        }));
      }
      await pushPlanted(place, server.url, logins.get(server));
      return digest;
    },
    async mirrored(repository, tag) {
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      const response = await fetch(`${target.url}/v2/${repository}/manifests/${tag}`, {
        method: 'HEAD',
        headers: { accept },
      });
      return response.headers.get('docker-content-digest') ?? undefined;
    },
    async makeNamespace(name) {
      await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      await until(() =>
        kubernetes.kubectl(['-n', name, 'get', 'serviceaccount', 'default', '--ignore-not-found', '-o', 'name']),
      );
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** Of an image that is no index, its configuration tells them. */
const PLATFORMS = { include: ['linux/amd64'] };

type Places = Record<'source' | 'slow' | 'target' | 'ecr' | 'ecrTarget' | 'inside', { host: string }> & {
  server: string;
};

function configFor({ server, ...places }: Places, { secret, bus }: ConfigTerms): HostConfig {
  const hosts = Object.fromEntries(Object.entries(places).map(([name, { host }]) => [name, host]));
  const { source = '', slow = '', target = '', ecr = '', ecrTarget = '', inside = '' } = hosts;
  const open = { plainHttp: true, credential: 'anonymous' };
  const header = { mode: 'header', name: 'authorization', secrets: [secret('HOOK')] };
  const hmac = { mode: 'hmac', secrets: [secret('SIGNING')] };
  const about = (id: string, kind: string, auth: object, registry = source) => ({ id, kind, registry, auth });
  const off = { schedule: 'off' };
  return {
    version: 1,
    registries: {
      [source]: open,
      [slow]: open,
      [target]: open,
      [ecr]: { kind: 'ecr', plainHttp: true, credential: { aws: { region: REGION } }, aliases: [ECR] },
      [ecrTarget]: {
        kind: 'ecr',
        plainHttp: true,
        credential: { aws: { region: REGION } },
        createRepository: { tags: { team: 'platform' } },
      },
      [ECR_API]: { credential: { aws: {} } },
      [inside]: { plainHttp: true, credential: { username: PULLER.username, password: secret('PLAIN_PASSWORD') } },
    },
    mirrors: [
      { name: 'app', from: `${source}/t/*`, to: [`${target}/m/{name}`], ...off },
      { name: 'ecr', from: `${ecr}/team/*`, to: [`${target}/ecr/{name}`], platforms: PLATFORMS, ...off },
      { name: 'up', from: `${source}/u/*`, to: [`${ecrTarget}/up/{name}`], ...off },
      { name: 'kept', from: `${inside}/kept/app`, to: [`${target}/kept/{name}`], prune: 'plan', ...off },
      { name: 'timed', from: `${source}/timed/*`, to: [`${target}/timed/{name}`], schedule: { every: '1h' } },
    ],
    receivers: [
      about('dist', 'distribution', header),
      about('harbor', 'harbor', header),
      about('gitea', 'gitea', hmac),
      about('nexus', 'nexus', hmac),
      about('quay', 'quay', { mode: 'path' }),
      about('cloud', 'cloudevents', { mode: 'path' }),
      about('bus', 'ecr', bus, ecr),
    ],
    api: { rateLimit: 1_000_000 },
    clusters: [
      {
        name: 'test',
        server,
        token: secret('CLUSTER_TOKEN'),
        ca: secret('CLUSTER_CA'),
        registries: {
          [inside]: { custom: { group: 'registry.alauda.io', resource: 'images', expectServed: false } },
        },
      },
    ],
    credentials: [rule('ecr', { registries: [ecr] }), rule('inside', { registries: [inside] })],
    grants: [
      {
        name: 'filed',
        to: { serviceAccount: 'filed-team/default' },
        pull: [{ registry: inside, namespace: 'filed-images' }],
        reason: 'the contract of hosts',
      },
      {
        name: 'prefixed',
        to: { awsRole: 'arn:aws:iam::111122223333:role/deploy' },
        pull: [
          { registry: ECR_API, prefix: 'shared/' },
          { registry: ECR_API, repository: 'open/*' },
        ],
        reason: 'the contract of hosts',
      },
    ],
    tokenEndpoint: {
      issuer: 'issuer-of-tests',
      service: SERVICE,
      keys: [{ certificate: secret('TOKEN_CERTIFICATE'), key: secret('TOKEN_KEY') }],
      anonymous: { pull: ['public/**'] },
    },
  };
}

function rule(name: string, more: object): object {
  return {
    name,
    clusters: ['test'],
    namespaces: { names: ['team-*'] },
    secret: { name: `pull-${name}` },
    ...more,
  };
}

/** The host's user has the rights that are printed for it, and nobody else has any. */
async function prepareCluster(kubernetes: Kubernetes, config: HostConfig): Promise<void> {
  const surroundings = { cwd: '/', homeDir: '/', env: {} };
  const { config: parsed } = readConfig([{ file: 'transship.yaml', text: JSON.stringify(config) }], surroundings);
  const options = { mode: 'lean', isWatching: false, attach: 'off', access: true } as const;
  const manifests = manifestsOf(parsed, { cluster: 'test', subject: { user: CLUSTER_USER }, ...options });
  const puller = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'system:image-puller' },
    rules: [{ apiGroups: ['registry.alauda.io'], resources: ['images'], verbs: ['get'] }],
  };
  const namespaces = ['filed-team', 'filed-images'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  await kubernetes.apply(puller, ...namespaces);
  await kubernetes.apply(...manifests.map(({ object }) => object));
}
