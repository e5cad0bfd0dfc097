// What a watch of a cluster asks jobs for, at an API server of loopback.
import type http from 'node:http';
import { expect, it } from 'vitest';
import { clusterView } from '../../../functions/namespace-created/cluster-view.ts';
import { grantsView } from '../../../functions/namespace-created/grants-view.ts';
import { CREDENTIALS } from '../../../functions/job-kinds/credentials-job.ts';
import { watchCluster } from '../../../infra/node/serve/watch-cluster.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import { answerJson, startBareApiServer, statusOf, type BareApiServer } from '../../support/bare-api-server.ts';
import { until } from '../../support/serve-process.ts';

const TEXT = `version: 1
registries: { h.io: { credential: { docker: {} } } }
clusters: [{ name: bare, inCluster: {} }]
credentials:
  - { name: pull, clusters: [bare], namespaces: { all: true }, registries: [h.io], secret: { name: s }, serviceAccounts: none }
`;
const { config } = readConfig([{ file: 'f', text: TEXT }], { env: {}, homeDir: '/', cwd: '/' });

const namespace = (name: string, version: number) => ({
  kind: 'Namespace',
  apiVersion: 'v1',
  metadata: { name, uid: `uid-${name}`, resourceVersion: String(version) },
});

/** Has one Namespace, and one more as soon as somebody watches; as many requests as said are refused before. */
function startServer(refusals: number): Promise<BareApiServer> {
  return startBareApiServer((request: http.IncomingMessage, response, count) => {
    if (count <= refusals) return answerJson(response, 500, statusOf(500, 'InternalError', 'etcd has no leader'));
    if (request.url?.includes('watch=true') !== true) {
      const metadata = { resourceVersion: '1' };
      return answerJson(response, 200, { kind: 'List', metadata, items: [namespace('old', 1)] });
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`${JSON.stringify({ type: 'ADDED', object: namespace('new', 2) })}\n`);
  });
}

/** Watches until all of it came, and says of which Namespaces was told and which jobs were asked for. */
async function watch(server: BareApiServer, { isLate, jobs: wanted }: { isLate: boolean; jobs: number }) {
  const opened = await sqliteSubject.open(manualClock());
  const { store: jobs } = opened;
  const told: string[] = [];
  const ending = new AbortController();
  const watching = watchCluster(server.cluster, {
    deps: { clock: systemClock, jobs },
    async acceptNamespaces(events) {
      told.push(...events.map(({ name }) => name));
      return [];
    },
    view: clusterView('bare', () => config),
    grants: grantsView('bare', () => []),
    hasRules: true,
    watchesAccounts: false,
    isLate,
    signal: ending.signal,
    onTrouble: () => undefined,
  });
  const accepted = async () => (await jobs.list({ kind: CREDENTIALS }, 10)).jobs.map(({ payload }) => payload);
  await until(async () => told.length > 0 && (await accepted()).length >= wanted);
  ending.abort();
  await watching;
  const payloads = await accepted();
  await opened.remove();
  return { told, jobs: payloads };
}

const WHOLE = { cluster: 'bare', trigger: 'watch' };

it('tells of what is new since its first list, and leaves what was there to the look that was asked for before', async () => {
  await using server = await startServer(0);
  expect(await watch(server, { isLate: false, jobs: 0 })).toEqual({ told: ['new'], jobs: [] });
});

it('asks for a look at the whole cluster where its first list came late: what was made meanwhile is in it', async () => {
  await using refusing = await startServer(6);
  expect(await watch(refusing, { isLate: false, jobs: 1 })).toEqual({ told: ['new'], jobs: [WHOLE] });
  await using server = await startServer(0);
  expect(await watch(server, { isLate: true, jobs: 1 })).toEqual({ told: ['new'], jobs: [WHOLE] });
});
