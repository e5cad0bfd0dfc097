// Back ends are opened as the configuration says, each once, and nobody is asked for that.
import { expect, it } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { openBackends } from '../../../shared/grants/open-backends.ts';
import { sitesOf } from '../../../shared/grants/sites.ts';
import { wantedOf } from '../../../shared/grants/wanted-of.ts';
import { configOf } from '../../support/config-of.ts';

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const CONFIG = configOf(`registries:
  ${ECR}: { credential: { aws: { roleArn: "arn:aws:iam::123456789012:role/transship" } } }
  acme.azurecr.io: { credential: { azure: {} } }
  harbor.test: { kind: harbor }
clusters:
  - { name: prod, kubeconfig: {}, registries: { "inside.svc": acp } }`);

const nobody = (): Promise<never> => Promise.reject(new Error('nobody is asked'));
const CLUSTER: Cluster = {
  name: 'prod',
  send: nobody,
  watch() {
    throw new Error('nobody is asked');
  },
  now: () => new Date(),
  close: () => Promise.resolve(),
};

function opened(clusterOf: (name: string) => Promise<Cluster> = () => Promise.resolve(CLUSTER)) {
  return openBackends(CONFIG, { env: {}, homeDir: '/', readSecret: nobody, clusterOf });
}

const sites = sitesOf(CONFIG);

it.each([
  ['kubernetes', sites.ofCluster('prod')],
  ['ecr', sites.ofRegistry(ECR)],
  ['artifact-registry', sites.ofRegistry('europe-docker.pkg.dev')],
  ['acr', sites.ofRegistry('acme.azurecr.io')],
  ['harbor', sites.ofRegistry('harbor.test')],
  ['gitlab', sites.ofRegistry('registry.gitlab.com')],
  ['quay', sites.ofRegistry('quay.io')],
  ['ghcr', sites.ofRegistry('ghcr.io')],
])('opens the back end of %s once, and knows what grants are there', async (kind, site) => {
  const backends = opened();
  const backend = await backends.backendFor(site);
  expect(backend.kind).toBe(kind);
  expect(await backends.backendFor({ ...site, profiles: new Map(site.profiles) })).toBe(backend);
  expect(await wantedOf(site.backend)).toBeTypeOf('function');
  await backends.close();
});

it('has none for a registry without means of its own', async () => {
  const site = sites.ofRegistry('registry.test:5000');
  await expect(opened().backendFor(site)).rejects.toMatchObject({ code: 'unsupported' });
  expect(await wantedOf(site.backend)).toBeUndefined();
});

it('tries again what could not be opened', async () => {
  let tries = 0;
  const { backendFor } = opened(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new TransshipError('cluster-unavailable', 'away')) : Promise.resolve(CLUSTER);
  });
  const site = sites.ofCluster('prod');
  await expect(backendFor(site)).rejects.toMatchObject({ code: 'cluster-unavailable' });
  expect((await backendFor(site)).kind).toBe('kubernetes');
});
