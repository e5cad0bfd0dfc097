// How many pushes a second become durable, from the bytes of the request to job, history and record on disk, without HTTP. The number
// is printed; only a machine far too slow for any use fails.
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openReceivers } from '../../../functions/registry-push/receivers.ts';
import { acceptPushes } from '../../../functions/registry-push.ts';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { receivePush } from '../../../shared/events/index.ts';
import { samplePush } from '../../../shared/events/sample-push.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { configOf } from '../../support/config-of.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const EVENTS = 12_000;
const CLIENTS = 64;
const LEAST_PER_SECOND = 300;
const SECRET = new Secret('hook');

const rules = Array.from(
  { length: 20 },
  (_, index) => `  - name: rule-${index}
    from: registry.example.com/team${index}/**
    to: ["a.example/{repository}", "b.example/mirror/{repository}"]
    tags: { semver: ">=1", deny: ["*-rc*"] }`,
);
const CONFIG = configOf(`receivers:
  - id: main
    kind: distribution
    registry: registry.example.com
    auth: { mode: header, name: authorization, secrets: [{ env: HOOK }] }
mirrors:
${rules.join('\n')}
`);

it('accepts pushes fast', { timeout: 120_000 }, async () => {
  const dataDir = await newFolder();
  const store = await openSqliteStore({ dataDir });
  const receivers = await openReceivers(CONFIG, { resolveSecret: () => Promise.resolve(SECRET), masterKey: SECRET });
  const deps = { ...store, clock: systemClock, config: () => CONFIG, logger: silentLogger, metrics: noMetrics };
  const requests = Array.from({ length: EVENTS }, (_, index) => {
    const repository = `team${index % 20}/app${index % 300}`;
    const { headers, body } = samplePush('distribution', SECRET, {
      id: `event-${index}`,
      occurredAt: '2026-11-21T12:00:00.000Z',
      host: 'registry.example.com',
      repository,
      tag: `1.${index}`,
    });
    return { headers, rawBody: Buffer.from(body) };
  });
  const waits: number[] = [];
  const client = async (): Promise<void> => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const start = performance.now();
      const receiver = receivers.find('distribution', 'main');
      const events = await receivePush('distribution', request, receiver, { overHttp: true });
      await acceptPushes(events, deps);
      waits.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const perSecond = Math.round((EVENTS / (performance.now() - start)) * 1000);
  expect((await store.jobs.counts()).accepted).toBe(EVENTS);
  waits.sort((one, other) => one - other);
  const p99 = waits[Math.floor(EVENTS * 0.99)] ?? 0;
  console.log(`${perSecond} pushes a second accepted durably for ${CLIENTS} clients, p99 ${p99.toFixed(1)} ms`);
  await store.close();
  await rm(dataDir, { recursive: true });
  expect(perSecond).toBeGreaterThan(LEAST_PER_SECOND);
});
