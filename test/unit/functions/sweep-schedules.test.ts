// The schedules of the store follow the configuration.
import { expect, test } from 'vitest';
import { planSchedules, saveSchedules } from '../../../functions/sync-mirrors/sweep-schedules.ts';
import type { Schedule } from '../../../shared/jobs/schedule.ts';
import { ruleFor } from '../../support/sweep-bed.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const rule = (name: string, fields = {}) => ({ ...ruleFor('s.io/a', 't.io/a'), name, ...fields });

test('an interval begins at once, a time of the clock when it comes, no schedule never', () => {
  const rules = [
    rule('often', { schedule: { everyMs: 1000 }, priority: 3 }),
    rule('nightly', { schedule: { cron: '0 3 * * *', timeZone: 'Europe/Rome' } }),
    rule('pushed'),
  ];
  expect(planSchedules(rules, NOW)).toMatchObject([
    { id: 'sweep:often', nextAt: NOW, job: { kind: 'sweep', targets: ['rule:often'], priority: 3 } },
    { id: 'sweep:nightly', nextAt: new Date('2026-03-02T02:00:00Z') },
  ]);
});

test('those of rules that are gone are removed, those of others stay', async () => {
  const kept = new Map<string, Schedule>();
  const store = {
    schedule: async (schedule: Schedule) => void kept.set(schedule.id, schedule),
    unschedule: async (id: string) => void kept.delete(id),
    schedules: async () => [...kept.values()],
  };
  const clock = { now: () => NOW };
  const [old] = planSchedules([rule('old', { schedule: { everyMs: 5 } })], NOW);
  if (old === undefined) throw new Error('it has a schedule');
  for (const id of ['sweep:old', 'refresh:x']) kept.set(id, { ...old, id });
  await saveSchedules(store, [rule('new', { schedule: { everyMs: 5 } })], clock);
  expect([...kept.keys()].toSorted()).toEqual(['refresh:x', 'sweep:new']);
});
