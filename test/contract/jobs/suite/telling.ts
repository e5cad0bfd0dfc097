// Contract: what the outside is told (outbox), and jobs by the clock (schedules).
import { describe, expect, it } from 'vitest';
import { fireDue } from '../../../../shared/jobs/fire-due.ts';
import type { Schedule } from '../../../../shared/jobs/schedule.ts';
import type { JobStoreSubject } from '../../../support/jobs/store-subject.ts';
import { LEASE_MS, withJobStore } from './with-store.ts';

const MINUTE = 60_000;

export function describeTelling(subject: JobStoreSubject): void {
  describe('outbox', () => {
    const bed = withJobStore(subject);

    it('holds the messages of a completed job, in order, until they are delivered', async () => {
      const { job, lease } = await bed.running();
      const messages = [
        { type: 'image.mirrored', body: { target: 'a' } },
        { type: 'image.mirrored', body: { target: 'b' } },
      ];
      await bed.store.complete(lease, null, messages);
      await bed.crash();
      const pending = await bed.store.outbox(bed.clock.now(), 9);
      expect(pending).toMatchObject(messages.map((message) => ({ ...message, jobId: job.id, attempts: 0 })));
      expect(new Set(pending.map(({ id }) => id)).size).toBe(2);
      await bed.store.delivered([pending[0]!.id]);
      expect(await bed.store.outbox(bed.clock.now(), 9)).toEqual([pending[1]]);
    });

    it('has no message of a completion that was refused', async () => {
      const { lease } = await bed.running();
      const refused = bed.store.complete({ ...lease, fence: 9 }, null, [{ type: 'x', body: null }]);
      await expect(refused).rejects.toMatchObject({ code: 'fence-lost' });
      expect(await bed.store.outbox(bed.clock.now(), 9)).toEqual([]);
    });

    it('puts off a message whose delivery failed', async () => {
      const { lease } = await bed.running();
      await bed.store.complete(lease, null, [{ type: 'x', body: null }]);
      const [message] = await bed.store.outbox(bed.clock.now(), 9);
      await bed.store.postpone(message!.id, bed.in(2000));
      expect(await bed.store.outbox(bed.clock.now(), 9)).toEqual([]);
      expect(await bed.store.outbox(bed.in(2000), 9)).toEqual([{ ...message, attempts: 1 }]);
    });
  });

  describe('schedules', () => {
    const bed = withJobStore(subject);
    const everyMinute = (): Schedule => ({
      id: 'sweep',
      timing: { everyMs: MINUTE },
      job: { kind: 'sync', payload: { rule: 'app' } },
      nextAt: bed.in(MINUTE),
    });

    it('is due at its time, and fires once for it, whoever tries', async () => {
      await bed.store.schedule(everyMinute());
      expect(await bed.store.due(bed.in(MINUTE - 1))).toEqual([]);
      const [due] = await bed.store.due(bed.in(MINUTE));
      const tries = [1, 2, 3].map(() => bed.store.fire(due!, bed.in(2 * MINUTE), bed.in(MINUTE)));
      expect(await Promise.all(tries)).toEqual([true, false, false]);
      expect(await bed.store.due(bed.in(MINUTE))).toEqual([]);
      expect((await bed.store.list({}, 9)).jobs).toMatchObject([{ kind: 'sync', payload: { rule: 'app' } }]);
    });

    it('catches up one firing of many that were missed, also after a kill', async () => {
      await bed.store.schedule(everyMinute());
      await bed.clock.advance(10.5 * MINUTE);
      await bed.crash();
      expect(await fireDue(bed.store, bed.clock, () => 0)).toBe(1);
      expect(await fireDue(bed.store, bed.clock, () => 0)).toBe(0);
      expect((await bed.store.schedules())[0]?.nextAt).toEqual(bed.in(MINUTE / 2));
      expect(await bed.store.claim('sync', 9, LEASE_MS)).toHaveLength(1);
    });

    it('loses no firing when the clock steps back, and makes none twice', async () => {
      await bed.store.schedule(everyMinute());
      await bed.clock.advance(MINUTE);
      expect(await fireDue(bed.store, bed.clock, () => 0)).toBe(1);
      bed.clock.step(-60 * MINUTE);
      expect(await fireDue(bed.store, bed.clock, () => 0)).toBe(0);
      bed.clock.step(61 * MINUTE);
      expect(await fireDue(bed.store, bed.clock, () => 0)).toBe(1);
      expect((await bed.store.counts()).accepted).toBe(2);
    });

    it('puts a firing off by a tenth of the interval at most', async () => {
      await bed.store.schedule(everyMinute());
      await bed.clock.advance(MINUTE);
      await fireDue(bed.store, bed.clock, () => 1);
      expect((await bed.store.list({}, 9)).jobs[0]?.runAt).toEqual(bed.in(MINUTE / 10));
    });

    it('keeps its next time when it is declared again, unless the timing changed', async () => {
      const first = everyMinute();
      await bed.store.schedule(first);
      await bed.clock.advance(1000);
      await bed.store.schedule({ ...everyMinute(), job: { kind: 'sync', payload: 'new' } });
      expect(await bed.store.schedules()).toEqual([{ ...first, job: { kind: 'sync', payload: 'new' } }]);
      const hourly = { ...everyMinute(), timing: { cron: '0 * * * *', timeZone: 'Europe/Rome' } };
      await bed.store.schedule(hourly);
      expect(await bed.store.schedules()).toEqual([hourly]);
      await bed.store.unschedule('sweep');
      expect(await bed.store.schedules()).toEqual([]);
    });

    it('does not fire what was changed or removed meanwhile', async () => {
      const schedule = everyMinute();
      await bed.store.schedule(schedule);
      await bed.store.unschedule('sweep');
      expect(await bed.store.fire(schedule, bed.in(2 * MINUTE), bed.in(0))).toBe(false);
      expect((await bed.store.counts()).accepted).toBe(0);
    });
  });
}
