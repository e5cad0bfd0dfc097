// New signatures of unchanged images are looked for once a day per digest, whatever the schedule.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sweepJob } from '../../../functions/job-kinds/sweep-job.ts';
import { lastSweepAt, referrerTurn } from '../../../functions/sync-mirrors/referrer-turn.ts';
import { newJob } from '../../../shared/jobs/new-job.ts';
import { nextTime } from '../../../shared/jobs/next-time.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import type { Timing } from '../../../shared/jobs/schedule.ts';

const HOUR_MS = 3_600_000;
const digest = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 64, maxLength: 64 })
  .map((hex) => `sha256:${hex}`);

const DAY_MS = 24 * HOUR_MS;

const sweepAt = (acceptedAt: Date, payload: object = {}): Job =>
  newJob(sweepJob({ rule: 'base', trigger: 'schedule', ...payload }), acceptedAt.toISOString(), acceptedAt);

/** The newest first, as a store has them. */
const storeOf = (jobs: Job[]) => ({
  list: async (_filter: object, limit: number) => ({ jobs: jobs.slice(0, limit), next: undefined }),
});

/** How often each digest had its turn in sweeps that begin some time after they were accepted. */
async function turns(digests: readonly string[], times: readonly Date[], timing: Timing, isKept: boolean) {
  const counts = new Map(digests.map((one) => [one, 0]));
  const done: Job[] = [];
  for (const [index, time] of times.entries()) {
    const job = sweepAt(time);
    const since = await lastSweepAt(storeOf(isKept ? done : []), { name: 'base', schedule: timing }, job);
    const isDue = referrerTurn(since, new Date(time.getTime() + (index % 4) * 7_000));
    for (const one of digests) if (isDue(one)) counts.set(one, (counts.get(one) ?? 0) + 1);
    done.unshift(job);
  }
  return [...counts.values()];
}

function timesOf(timing: Timing, first: Date, days: number): Date[] {
  const times: Date[] = [first];
  const end = new Date(first.getTime() + days * DAY_MS);
  for (let next = nextTime(timing, first, first); next <= end; next = nextTime(timing, next, next)) times.push(next);
  return times;
}

const evenly = Array.from({ length: 500 }, (_none, index) => {
  const start = Math.floor((index / 500) * 0xffffffff);
  return `sha256:${start.toString(16).padStart(8, '0')}${'0'.repeat(56)}`;
});
const MONDAY = new Date('2026-11-02T09:00:00Z');

describe.each([
  ['with the last sweep in the store', true],
  ['without it', false],
])('%s', (_title, isKept) => {
  test.each<[string, Timing]>([
    ['every hour', { everyMs: HOUR_MS }],
    ['every seven hours', { everyMs: 7 * HOUR_MS }],
    ['every minute', { everyMs: 60_000 }],
    ['in office hours', { cron: '0 9-17 * * *', timeZone: 'UTC' }],
    ['twice, with a short and a long time between', { cron: '0 9,10 * * *', timeZone: 'Europe/Rome' }],
    ['once a day', { cron: '17 3 * * *', timeZone: 'UTC' }],
  ])('each digest has its turn each day: %s', async (_name, timing) => {
    const counts = await turns(evenly, timesOf(timing, MONDAY, 3), timing, isKept);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
  });
});

test('a sweep that comes by the hour looks at about a twenty-fourth', () => {
  const isDue = referrerTurn(new Date('2026-01-01T09:17:00Z'), new Date('2026-01-01T10:17:20Z'));
  const digests = fc.sample(digest, { numRuns: 5000, seed: 1 });
  const share = digests.filter(isDue).length / digests.length;
  expect(share).toBeGreaterThan(0.02);
  expect(share).toBeLessThan(0.09);
});

test('a day after the last one, or later, looks at all', () => {
  const now = new Date('2026-01-02T10:17:00Z');
  fc.assert(
    fc.property(digest, (one) => {
      expect(referrerTurn(new Date(now.getTime() - DAY_MS), now)(one)).toBe(true);
    }),
  );
});

test('only a sweep of the whole rule that came to its end counts as the last one', async () => {
  const at = (hour: number) => new Date(MONDAY.getTime() + hour * HOUR_MS);
  const done = [sweepAt(at(3), { rule: 'other' }), sweepAt(at(2), { repository: 'app' }), sweepAt(at(1))];
  const timing = { everyMs: HOUR_MS };
  expect(await lastSweepAt(storeOf(done), { name: 'base', schedule: timing }, sweepAt(at(4)))).toEqual(at(1));
});
