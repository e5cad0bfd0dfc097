// Where a campaign copies to: a real registry server, or the fake of ECR, behind a proxy that counts what is sent there.
import { startFakeEcr } from '../clouds/fake-ecr.ts';
import { newRepository } from '../clouds/fake-ecr-state.ts';
import { startCountingProxy, type CountingProxy } from '../counting-proxy.ts';
import { startServer } from '../servers.ts';

/** A program of CNCF distribution, or ECR. */
export type CampaignTarget = { program: string } | 'ecr';

export type StartedTarget = {
  proxy: CountingProxy;
  /** What a process needs beside its own to get there. */
  env: Readonly<Record<string, string>>;
  /** Bytes on the wire for so many of a layer, without the heads of requests. */
  wireBytes(layerBytes: number): number;
  /** Of a configuration file, where it needs more than an anonymous one. */
  entry?: string;
  /** How often it was asked what. */
  requests(): Promise<Record<string, number>>;
  /** What the tag `app:v1` names. */
  tagged(): Promise<string | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** @param accessKeyId of whoever copies, as the emulator of Lambda makes it up */
export async function startCampaignTarget(target: CampaignTarget, accessKeyId?: string): Promise<StartedTarget> {
  return target === 'ecr' ? startEcr(accessKeyId) : startDistribution(target.program);
}

async function startDistribution(program: string): Promise<StartedTarget> {
  const server = await startServer({ program });
  const proxy = await startCountingProxy(server.host);
  return {
    proxy,
    env: {},
    wireBytes: (layerBytes) => layerBytes,
    requests: async () => counted((await server.requests()).map(({ method }) => method)),
    async tagged() {
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      const head = await fetch(`${server.url}/v2/app/manifests/v1`, { headers: { accept } });
      return head.headers.get('docker-content-digest') ?? undefined;
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function startEcr(accessKeyId: string | undefined): Promise<StartedTarget> {
  const ecr = await startFakeEcr();
  if (accessKeyId !== undefined)
    Object.assign(ecr.settings, { accessKeyId, secretAccessKey: `secret-of-${accessKeyId}` });
  ecr.repositories.set('app', newRepository());
  const proxy = await startCountingProxy(ecr.host);
  return {
    proxy,
    env: { ...ecr.env, AWS_ENDPOINT_URL_ECR: `http://${proxy.host}` },
    // base64
    wireBytes: (layerBytes) => (layerBytes * 4) / 3,
    entry: 'kind: ecr, plainHttp: true, credential: { aws: { region: eu-west-1 } }',
    requests: () => Promise.resolve(counted(ecr.calls.map(({ operation }) => operation))),
    tagged: () => Promise.resolve(ecr.repositories.get('app')?.tags.get('v1')),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await ecr[Symbol.asyncDispose]();
    },
  };
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
