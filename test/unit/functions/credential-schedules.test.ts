// When clusters are looked at by the clock, and when rules want everything anew.
import { expect, it } from 'vitest';
import {
  distributedClusters,
  planCredentialSchedules,
  saveCredentialSchedules,
} from '../../../functions/refresh-credentials/credential-schedules.ts';
import type { NewJob } from '../../../shared/jobs/job.ts';
import type { Schedule } from '../../../shared/jobs/schedule.ts';
import { configOf } from '../../support/config-of.ts';

const now = new Date('2026-11-21T12:00:00Z');
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

const CONFIG = configOf(`
registries: { registry.example.com: { credential: { username: bob, password: { env: HUB } } } }
clusters: [{ name: prod, kubeconfig: {} }, { name: lab, kubeconfig: {} }, { name: unused, kubeconfig: {} }]
credentials:
  - { name: one, clusters: [prod, lab], namespaces: { names: [a] }, registries: [registry.example.com], secret: { name: one }, schedule: { every: 6h } }
  - { name: two, clusters: [prod], namespaces: { names: [b] }, registries: [registry.example.com], secret: { name: two }, schedule: { cron: "30 12 * * *", timeZone: UTC } }
`);

it('looks at each cluster that rules name every ten minutes, and forces what rules want by their own times', () => {
  expect(distributedClusters(CONFIG)).toEqual(['prod', 'lab']);
  const planned = planCredentialSchedules(CONFIG, now).map(({ id, nextAt, job }) => ({
    id,
    nextAt,
    payload: job.payload,
  }));
  const look = (cluster: string) => ({ cluster, trigger: 'schedule' });
  const forced = (cluster: string, rule: string) => ({ cluster, rule, trigger: 'schedule', force: true });
  expect(planned).toEqual([
    { id: 'credentials:prod', nextAt: later(10), payload: look('prod') },
    { id: 'credentials:lab', nextAt: later(10), payload: look('lab') },
    { id: 'credentials:prod#one', nextAt: later(360), payload: forced('prod', 'one') },
    { id: 'credentials:lab#one', nextAt: later(360), payload: forced('lab', 'one') },
    { id: 'credentials:prod#two', nextAt: later(30), payload: forced('prod', 'two') },
  ]);
});

it('takes out what no rule wants any more, and leaves the schedules of others alone', async () => {
  const stored = new Map<string, Schedule>();
  const accepted: unknown[] = [];
  const store = {
    accept: async ({ payload }: NewJob) => {
      accepted.push(payload);
      return { id: 'any', isNew: true };
    },
    schedule: async (schedule: Schedule) => void stored.set(schedule.id, schedule),
    unschedule: async (id: string) => void stored.delete(id),
    schedules: async () => [...stored.values()],
  };
  const clock = { now: () => now };
  await saveCredentialSchedules(store, CONFIG, clock);
  const [any] = stored.values();
  stored.set('sweep:base', { ...any!, id: 'sweep:base' });
  const [one] = CONFIG.credentials;
  await saveCredentialSchedules(store, { credentials: [{ ...one!, clusters: ['lab'] }] }, clock);
  expect([...stored.keys()].sort()).toEqual(['credentials:lab', 'credentials:lab#one', 'sweep:base']);
  // what the last rule of a cluster left there goes, where it said prune
  expect(accepted).toEqual([{ cluster: 'prod', trigger: 'config' }]);
});
