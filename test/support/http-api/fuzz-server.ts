// The API on a loopback port as a fuzzer needs it: something of everything is there, jobs are done at once, and no request leaves the
// machine whatever registries are named.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { getRequestListener } from '@hono/node-server';
import type { ApiDeps } from '../../../functions/http-api/api-deps.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import { mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import { configOf, CONFIG, HOOK_SECRET, openTimedBed } from './api-bed.ts';

export type FuzzServer = {
  url: string;
  token: string;
  /** Ids that are there, by what they are of; the token is not the fuzzer's own. */
  ids: { job: string; dead: string; event: string; token: string; rule: string };
  /** Messages of the log that tell of a fault of ours. */
  faults: () => string[];
  /** How often each route answered with each status. */
  statuses: () => Record<string, number>;
  stop(): Promise<void>;
};

const KEPT = 'kept';
const SPARE = 'spare';

export async function startFuzzServer(): Promise<FuzzServer> {
  const registry = await startRegistry();
  const registries = openRegistries({
    credentials: () => Promise.resolve({ kind: 'anonymous' }),
    env: {},
  });
  const config = configOf(CONFIG.replace('api:\n', 'api:\n  rateLimit: 10000000\n'));
  const bed = await openTimedBed(
    systemClock,
    // every registry is the one on loopback
    { registries: () => ({ ...registries, client: () => registries.client(registry.host) }) },
    config,
  );
  const tokens = { ...bed.store.apiTokens };
  // the fuzzer shall not lock itself out
  bed.store.apiTokens.revoke = async (id) => id !== KEPT && tokens.revoke(id);
  const token = await bed.token({ id: KEPT });
  await bed.token({ id: SPARE });
  const ids = await plant(bed.deps);
  const worker = doJobs(bed.deps);
  const answer = getRequestListener((request, { incoming }) =>
    bed.app.fetch(request, { peer: { address: incoming.socket.remoteAddress ?? '', isOwner: false } }),
  );
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    ids: { ...ids, token: SPARE, rule: 'base' },
    faults: () => bed.lines.filter(({ level }) => level === 'error').map((line) => JSON.stringify(line)),
    statuses() {
      const counts: Record<string, number> = {};
      for (const { message, fields } of bed.lines) {
        if (message !== 'request') continue;
        const name = [fields['method'], fields['route'], fields['status']].join(' ');
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await worker.stop();
      await bed.close();
      await registries.close();
      await registry.stop();
    },
  };
}

async function plant(deps: ApiDeps): Promise<{ job: string; dead: string; event: string }> {
  const { jobs, pushes } = deps;
  const payload = { trigger: 'api', referrers: true, onConflict: 'overwrite' } as const;
  const source = 'src.example.com/team/app:1';
  const dead = await jobs.accept(mirrorJob({ ...payload, source, targets: ['dst.example.com/dead:1'] }));
  const [claimed] = await jobs.claim('mirror', 1, 60_000);
  await jobs.bury(claimed!.lease, { code: 'denied', message: 'the registry said no' });
  const job = await jobs.accept(mirrorJob({ ...payload, source, targets: ['dst.example.com/done:1'] }));
  const { acceptPushes } = await import('../../../functions/registry-push.ts');
  const { receivePush } = await import('../../../shared/events/index.ts');
  const event = {
    id: '1',
    action: 'push',
    target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', repository: 'team/app', tag: '2' },
  };
  const rawBody = new TextEncoder().encode(JSON.stringify({ events: [event] }));
  const headers = { authorization: HOOK_SECRET };
  const events = await receivePush('distribution', { headers, rawBody }, deps.receivers().find('distribution', 'src'));
  await acceptPushes(events, deps);
  const [push] = (await pushes.list({}, 1)).pushes;
  return { job: job.id, dead: dead.id, event: push!.id };
}

/** A worker that succeeds at everything. */
function doJobs({ jobs }: ApiDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      for (const kind of ['mirror', 'sweep']) {
        for (const { lease } of await jobs.claim(kind, 50, 60_000)) await jobs.complete(lease, { state: 'done' });
      }
      await new Promise((resolve) => void systemClock.after(20, () => resolve(undefined)));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
