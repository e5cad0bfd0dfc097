// The work of a server in a time that the test moves: what a job works with stays open as long as that job runs.
import { expect, it } from 'vitest';
import { MIRROR, mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import { withoutClusters } from '../../../functions/without-clusters.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { startWork } from '../../../infra/node/serve/work.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { configOf } from '../../support/config-of.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';

it('gives back what each claim borrowed, also where a job was lost and taken again by the same process', async () => {
  const hanging = await startRegistry();
  hanging.faults.push({ match: {}, action: { delayMs: 60_000 } });
  const clock = manualClock();
  const opened = await sqliteSubject.open(clock);
  const { store, pushes, journal, grants } = opened;
  const registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {} });
  const config = configOf('');
  const stopping = new AbortController();
  const givenBack: number[] = [];
  let borrowed = 0;

  const payload = { trigger: 'api', referrers: false, onConflict: 'overwrite' } as const;
  const { id } = await store.accept(
    mirrorJob({ ...payload, source: `${hanging.host}/app:1`, targets: [`${hanging.host}/other:1`] }),
  );
  const work = startWork({
    deps: {
      clock,
      logger: silentLogger,
      metrics: noMetrics,
      jobs: store,
      pushes,
      journal,
      grants,
      config: () => config,
      registries: () => registries,
      ...withoutClusters(),
    },
    borrow() {
      borrowed += 1;
      const number = borrowed;
      return () => void givenBack.push(number);
    },
    signal: stopping.signal,
  });
  const until = (condition: () => boolean | Promise<boolean>) => expect.poll(condition, { timeout: 10_000 }).toBe(true);
  await until(() => hanging.requests.length > 0);

  // as if the process had slept: its lease is over, and it takes the job again before it notices
  clock.step(60_000);
  await until(async () => {
    await clock.advance(1000);
    return borrowed === 2;
  });
  expect(await store.get(id)).toMatchObject({ kind: MIRROR, state: 'LEASED', fence: 2 });
  await until(async () => {
    await clock.advance(1000);
    return givenBack.length > 0;
  });
  expect(givenBack).toEqual([1]);

  stopping.abort();
  await until(async () => {
    await clock.advance(1000);
    return givenBack.length === 2;
  });
  await work.ended;
  expect(givenBack).toEqual([1, 2]);
  await opened.remove();
  await registries.close();
  await hanging.stop();
});
