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
  /** What the tag `app:v1` names. */
  tagged(): Promise<string | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startCampaignTarget(target: CampaignTarget): Promise<StartedTarget> {
  return target === 'ecr' ? startEcr() : startDistribution(target.program);
}

async function startDistribution(program: string): Promise<StartedTarget> {
  const server = await startServer({ program });
  const proxy = await startCountingProxy(server.host);
  return {
    proxy,
    env: {},
    wireBytes: (layerBytes) => layerBytes,
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

async function startEcr(): Promise<StartedTarget> {
  const ecr = await startFakeEcr();
  ecr.repositories.set('app', newRepository());
  const proxy = await startCountingProxy(ecr.host);
  return {
    proxy,
    env: { ...ecr.env, AWS_ENDPOINT_URL_ECR: `http://${proxy.host}` },
    // base64
    wireBytes: (layerBytes) => (layerBytes * 4) / 3,
    tagged: () => Promise.resolve(ecr.repositories.get('app')?.tags.get('v1')),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await ecr[Symbol.asyncDispose]();
    },
  };
}
