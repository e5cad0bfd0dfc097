// A process that works on the mirror jobs of a data folder until it is killed, and says `done` or `dead` with the job's id when one ends.
// Arguments: the data folder, and an ECR to be at by the identity of the environment, if there is one.
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { mirrorImage } from '../../../functions/mirror-image.ts';
import { MIRROR } from '../../../functions/job-kinds/mirror-job.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { startWorker } from '../../../shared/jobs/worker.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { credentialsOf } from '../../../shared/registries/credentials-of.ts';
import { ecrIssuer } from '../../../shared/registries/ecr-issuer.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import type { RegistryOptions } from '../../../shared/registries/registry-options.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';

const [dataDir = '', ecr] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
const identity = { region: 'eu-west-1' };
const registries = openRegistries({
  credentials: () => Promise.resolve(anonymous),
  registries: ecr === undefined ? [] : [atEcr(ecr)],
  env: {},
});
const handler = mirrorImage({
  clock: systemClock,
  logger: silentLogger,
  metrics: noMetrics,
  jobs: store.jobs,
  pushes: store.pushes,
  journal: store.journal,
  grants: store.grants,
  config: () => {
    throw new Error('a mirror job has all it needs in its payload');
  },
  registries: () => registries,
  ...withoutClusters(),
});
writeSync(1, 'open\n');
startWorker({
  store: store.jobs,
  kinds: { [MIRROR]: { handler, concurrency: 2 } },
  clock: systemClock,
  signal: new AbortController().signal,
  pollMs: 20,
  onEnd: ({ id }, { state, problem }) => {
    if (state === 'DONE' || state === 'DEAD') writeSync(1, `${state.toLowerCase()} ${id} ${problem?.message ?? ''}\n`);
  },
});

function atEcr(host: string): RegistryOptions {
  const credentials = credentialsOf(ecrIssuer({ host, aliases: [], env: process.env }, identity));
  return { host, kind: 'ecr', plainHttp: true, credentials, identity: { aws: identity } };
}
