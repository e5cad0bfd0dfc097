// What the clock calls, on a real store: schedules that follow the configuration, looks that a change calls for, and the minute's upkeep.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTimer } from '../../../infra/aws/work/run-timer.ts';
import type { IntakeDeps } from '../../../infra/aws/host/aws-host.ts';
import { noMetrics, type Metrics } from '../../../shared/telemetry/metrics.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { openWokenBed, type WokenBed } from '../../support/jobs/woken-bed.ts';

const MINUTE_MS = 60_000;
const RULES = (every: string, name = 'base') =>
  `mirrors: [{ name: ${name}, from: docker.io/library/alpine, to: [mirror.example.com/alpine], schedule: { every: ${every} } }]\n`;
const CLUSTERS = (names: string[], secret = 'pull') => `
clusters: [${names.map((name) => `{ name: ${name}, server: "https://${name}.example.com", token: { env: T } }`).join()}]
credentials: [{ name: c, clusters: [${names.join()}], namespaces: { all: true }, registries: [r.example.com], secret: { name: ${secret} }, serviceAccounts: none }]
registries: { r.example.com: { credential: { username: u, password: { env: P } } } }
`;
const GRANTS = (reason: string) => `
clusters: [{ name: one, server: "https://one.example.com", token: { env: T }, registries: { r.example.svc: acp } }]
grants: [{ name: g, to: { serviceAccount: a/b, cluster: one }, pull: [{ registry: r.example.svc, namespace: shared }], reason: ${reason} }]
`;

describe('the timers', () => {
  let bed: WokenBed;
  beforeEach(async () => {
    bed = await openWokenBed();
  });
  afterEach(() => bed.close());

  const call = (timer: string, config: string | IntakeDeps = '') =>
    runTimer(
      { timer },
      {
        deps: typeof config === 'string' ? bed.deps(config) : config,
        random: () => 0,
        remainingMs: MINUTE_MS,
      },
    );
  const scheduleIds = async () => (await bed.store.schedules()).map(({ id }) => id);
  const kinds = async (kind: string) => (await bed.store.list({ kind }, 99)).jobs;
  /** Ends what waits, so that the next of its purpose is one more. */
  async function finish(kind: string): Promise<void> {
    for (const { lease } of await bed.store.claim(kind, 99, MINUTE_MS)) await bed.store.complete(lease);
  }

  it.each([[undefined], ['upkeep'], [{ timer: 'tea' }], [{ timer: 1 }], [{}]])(
    'refuses a call with %j',
    async (event) => {
      const given = { deps: bed.deps(), random: () => 0, remainingMs: MINUTE_MS };
      await expect(runTimer(event, given)).rejects.toMatchObject({ code: 'unsupported' });
    },
  );

  // alarms ring where nobody tells it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
  it.each(['upkeep', 'mirrors', 'credentials', 'grants'])(
    'tell that the work of %s ended well, and only then',
    async (timer) => {
      const told: unknown[] = [];
      const metrics: Metrics = { ...noMetrics, count: (name, labels) => void told.push([name, labels]) };
      const deps = { ...bed.deps(), metrics };
      const failing = () => Promise.reject(new Error('the table is not there'));
      const jobs = { ...deps.jobs, due: failing, sweep: failing, schedules: failing };
      await expect(call(timer, { ...deps, jobs })).rejects.toThrow('the table is not there');
      expect(told).toEqual([]);
      await call(timer, deps);
      expect(told).toEqual([['transship_timer_runs_total', { timer }]]);
    },
  );

  describe('of the sweeps', () => {
    it('schedules what rules want, begins at once, and ends what no rule wants any more', async () => {
      await call('mirrors', RULES('1h'));
      expect(await scheduleIds()).toEqual(['sweep:base']);
      expect(await kinds('sweep')).toHaveLength(1);
      await call('mirrors', RULES('1h', 'other'));
      expect(await scheduleIds()).toEqual(['sweep:other']);
    });

    it('fires each time once, whatever calls come twice or side by side', async () => {
      await call('mirrors', RULES('1h'));
      for (let hour = 0; hour < 3; hour += 1) {
        await finish('sweep');
        await bed.clock.advance(60 * MINUTE_MS);
        await Promise.all(['mirrors', 'upkeep', 'mirrors', 'credentials'].map((timer) => call(timer, RULES('1h'))));
      }
      expect(await kinds('sweep')).toHaveLength(4);
    });

    it('loses no firing where nothing was called for long', async () => {
      await call('mirrors', RULES('1h'));
      await finish('sweep');
      await bed.clock.advance(600 * MINUTE_MS);
      await call('upkeep');
      expect(await kinds('sweep')).toHaveLength(2);
    });
  });

  describe('of credentials', () => {
    it('looks at each cluster once for each change, whoever calls how often', async () => {
      const change = async (config: string): Promise<string[]> => {
        await finish('credentials');
        const before = new Set((await kinds('credentials')).map(({ id }) => id));
        await Promise.all([call('credentials', config), call('credentials', config), call('credentials', config)]);
        await call('credentials', config);
        const fresh = (await kinds('credentials')).filter(({ id }) => !before.has(id));
        return fresh.map(({ targets }) => targets.join()).sort();
      };
      expect(await change(CLUSTERS(['one', 'two']))).toEqual(['credentials:one', 'credentials:two']);
      expect(await change(CLUSTERS(['one', 'two']))).toEqual([]);
      expect(await change(CLUSTERS(['one', 'two'], 'other'))).toEqual(['credentials:one', 'credentials:two']);
      await bed.clock.advance(3 * MINUTE_MS);
      // as it was before is a change as well
      expect(await change(CLUSTERS(['one', 'two']))).toEqual(['credentials:one', 'credentials:two']);
      // and so is the one that goes: what is left there has to go
      expect(await change(CLUSTERS(['one']))).toEqual(['credentials:one', 'credentials:two']);
      expect(await scheduleIds()).toEqual(['credentials:one']);
    });

    it('does nothing for a process that has not heard of a change, until it must have', async () => {
      await call('credentials', CLUSTERS(['one']));
      await call('credentials', CLUSTERS(['one', 'two']));
      await finish('credentials');
      await call('credentials', CLUSTERS(['one']));
      expect(await scheduleIds()).toEqual(['credentials:one', 'credentials:two']);
      await call('credentials', CLUSTERS(['one', 'two']));
      expect((await bed.store.counts()).states.READY).toBe(0);
      await bed.clock.advance(3 * MINUTE_MS);
      await call('credentials', CLUSTERS(['one']));
      expect(await scheduleIds()).toEqual(['credentials:one']);
    });

    it('asks again, with the same keys, where it died before it said that it had', async () => {
      const died = { ...bed.marks, set: () => Promise.reject(new Error('killed')) };
      const config = CLUSTERS(['one']);
      await expect(call('credentials', { ...bed.deps(config), marks: died })).rejects.toThrow('killed');
      await finish('credentials');
      await call('credentials', config);
      expect(await kinds('credentials')).toHaveLength(1);
    });

    it('tells of credentials that end soon, where no look at their cluster comes to its end', async () => {
      const config = CLUSTERS(['one']);
      const told: unknown[] = [];
      const set: Metrics['set'] = (...given) => void told.push(given);
      const deps = { ...bed.deps(config), metrics: { ...noMetrics, set } };
      await call('credentials', deps);
      const firstEndsAt = new Date(bed.clock.now().getTime() + 60 * MINUTE_MS).toISOString();
      for (const { lease } of await bed.store.claim('credentials', 9, MINUTE_MS)) {
        await bed.store.complete(lease, { state: 'done', cluster: 'one', firstEndsAt });
      }
      await call('credentials', deps);
      expect(told).toEqual([]);
      await bed.clock.advance(50 * MINUTE_MS);
      await call('credentials', deps);
      expect(told).toContainEqual(['transship_credentials_expiring', { cluster: 'one' }, 1]);
    });
  });

  describe('of grants', () => {
    it('looks at all of them once for each change, and again and again as long as there are some', async () => {
      await call('grants');
      expect(await scheduleIds()).toEqual([]);
      expect(await kinds('grants')).toEqual([]);
      await Promise.all([call('grants', GRANTS('a')), call('grants', GRANTS('a'))]);
      expect(await scheduleIds()).toEqual(['grants']);
      expect((await bed.store.counts()).accepted).toBe(1);
      await finish('grants');
      await call('grants', GRANTS('a'));
      await call('grants', GRANTS('b'));
      expect((await bed.store.counts()).accepted).toBe(2);
      await call('grants');
      expect(await scheduleIds()).toEqual([]);
    });
  });

  describe('of the upkeep', () => {
    it('frees the job of a killed worker, tells what waits, and empties the outbox', async () => {
      const told = new Map<string, unknown>();
      const lines: unknown[] = [];
      const metrics: Metrics = {
        ...noMetrics,
        set: (name, labels, value) => void told.set([name, ...Object.values(labels)].join(' '), value),
        count: (name, _labels, by = 1) => void told.set(name, by),
      };
      const logger = {
        ...silentLogger,
        info: (message: string, fields?: object) => void lines.push({ message, ...fields }),
      };
      const id = await bed.accept();
      await bed.accept({ kind: 'sweep' });
      await bed.store.claim('mirror', 1, 45_000);
      const [dead] = await bed.store.claim('sweep', 1, 45_000);
      await bed.store.bury(dead!.lease, { code: 'denied', message: 'no' });
      bed.queue.length = 0;
      await bed.clock.advance(2 * MINUTE_MS);
      await bed.accept({ kind: 'late' });
      await bed.clock.advance(MINUTE_MS);
      await call('upkeep', { ...bed.deps(), metrics, logger });
      expect(bed.queue.map(({ body }) => JSON.parse(body))).toContainEqual({ jobId: id, kind: 'mirror' });
      expect(Object.fromEntries(told)).toMatchObject({
        transship_lease_expired_total: 1,
        transship_dead_letters: 1,
        'transship_jobs READY': 2,
        transship_queue_oldest_ready_age_seconds: 60,
      });
      expect(lines).toContainEqual(expect.objectContaining({ message: 'message', type: 'event.dead_lettered' }));
      expect(await bed.store.outbox(bed.clock.now(), 9)).toEqual([]);
    });

    it('leaves long work to the next minute: leases and messages do not wait for it', async () => {
      for (let count = 0; count < 450; count += 1) await bed.accept({ kind: 'old' });
      for (const { lease } of await bed.store.claim('old', 450, MINUTE_MS)) await bed.store.complete(lease);
      await bed.clock.advance(15 * 24 * 60 * MINUTE_MS);
      const deps = bed.deps();
      // each two hundred take long
      const purge: typeof deps.jobs.purge = (before, limit) => {
        bed.clock.step(20_000);
        return bed.store.purge(before, limit);
      };
      const slow = { ...deps, jobs: { ...deps.jobs, purge } };
      await call('upkeep', slow);
      expect((await bed.store.counts()).purged).toBe(400);
      await call('upkeep', slow);
      expect((await bed.store.counts()).purged).toBe(450);
    });
  });
});
