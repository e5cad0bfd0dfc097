// `transship serve` as a host under the contract suite: a process of its own, its configuration in a file and its secrets in its environment.
import { Secret } from '../../../shared/telemetry/secret.ts';
import type { Moto } from '../moto.ts';
import { serveBed, startServe } from '../serve-process.ts';
import { ask } from './host-client.ts';
import type { Host, HostConfig, HostSubject, HostWorld } from './host-subject.ts';

const MASTER_KEY = 'canary-master-key-of-the-host-contract';

const TERMS = {
  secret: (env: string) => ({ env }),
  // an API destination of EventBridge sends it
  bus: { mode: 'header', name: 'x-api-key', secrets: [{ env: 'HOOK' }] },
};

/** @param aws is asked for when a test runs */
export function nodeSubject(aws: () => { moto: Moto; ecrApi: { url: string } }): HostSubject {
  return {
    name: 'Node',
    has: { openStreams: true, metrics: true, wholeBus: true },
    terms: TERMS,
    start: (world) => startNodeHost(world, { ...aws().moto.env, AWS_ENDPOINT_URL_ECR: aws().ecrApi.url }),
  };
}

async function startNodeHost({ config, secrets }: HostWorld, aws: NodeJS.ProcessEnv): Promise<Host> {
  await using opened = new AsyncDisposableStack();
  const bed = opened.use(await serveBed());
  const write = ({ api = {}, ...rest }: HostConfig): void =>
    bed.write({
      masterKey: { env: 'MASTER_KEY' },
      ...rest,
      api: { ...api, listen: `127.0.0.1:${bed.port}` },
    });
  write(config(TERMS));
  const server = opened.use(await startServe(bed, { env: { ...aws, ...secrets, MASTER_KEY } }));
  const { body } = await server.api('/v1/api-tokens', 'POST', { name: 'suite', scopes: ['admin'] });
  const { token } = body as { token: string };
  const { url } = server;
  const rest = opened.move();
  return {
    url,
    token,
    masterKey: new Secret(MASTER_KEY),
    async deliver(event) {
      const headers = { 'x-api-key': secrets['HOOK'] ?? '' };
      await ask({ url, token }, '/hooks/ecr/bus', { body: event, headers, token: null });
    },
    fire: () => Promise.resolve(),
    configure: (config) => Promise.resolve(write(config)),
    logs: () => JSON.stringify(server.log),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}
