// Where secrets can come from in this process: its environment, files, AWS, and Secrets of the cluster that it runs in, if it does.
import type { SecretSources } from '../../shared/config/secrets.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { AwsSecretSources } from './aws-secrets.ts';

type Place = Parameters<NonNullable<SecretSources['kubernetesSecret']>>[0];

/** @param userAgent sent to the API server */
export function secretSources(env: NodeJS.ProcessEnv, userAgent: string): SecretSources {
  const aws = awsSources(env);
  // every Pod has it: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
  if (env['KUBERNETES_SERVICE_HOST'] === undefined) return { env, ...aws };
  return { env, ...aws, kubernetesSecret: (place) => readFromCluster(place, env, userAgent) };
}

/** Most processes never ask for one. */
function awsSources(env: NodeJS.ProcessEnv): AwsSecretSources {
  let loading: Promise<AwsSecretSources> | undefined;
  const load = () => (loading ??= import('./aws-secrets.ts').then(({ awsSecretSources }) => awsSecretSources(env)));
  return {
    awsSecret: async (reference) => (await load()).awsSecret(reference),
    awsParameter: async (reference) => (await load()).awsParameter(reference),
  };
}

/** @throws TransshipError invalid-config where it is not there, and as `Cluster.send` does */
async function readFromCluster(
  { namespace, name, key }: Place,
  env: NodeJS.ProcessEnv,
  userAgent: string,
): Promise<string> {
  const [{ openCluster }, { getSecret }, { proxyFor }] = await Promise.all([
    import('../../shared/cluster/open-cluster.ts'),
    import('../../shared/cluster/secrets.ts'),
    import('../../shared/oci/http/proxy.ts'),
  ]);
  const config = { name: 'in-cluster', inCluster: {}, limits: {} };
  const cluster = await openCluster(config, {
    env,
    userAgent,
    readSecret: noSecret,
    proxyFor: (url) => proxyFor(url, env),
  });
  try {
    const text = (await getSecret(cluster, { namespace, name }))?.data.get(key)?.reveal();
    if (text !== undefined) return text.replace(/\r?\n$/, '');
  } finally {
    await cluster.close();
  }
  throw new TransshipError('invalid-config', `there is no key ${key} in the Secret ${namespace}/${name}`, {
    hint: 'make the Secret, or name the one that holds it',
  });
}

function noSecret(): Promise<never> {
  return Promise.reject(new Error('the ServiceAccount of a Pod needs no other secret'));
}
