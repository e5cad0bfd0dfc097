// The contract of the record of received pushes.
import { describe, expect, it } from 'vitest';
import { upkeep } from '../../../shared/jobs/upkeep.ts';
import type { StoreSubject } from '../../support/jobs/store-subject.ts';
import { pushEvent } from '../../support/push-event.ts';
import { withStore } from '../jobs/suite/with-store.ts';

const DAY_MS = 24 * 3_600_000;

export function describePushLog(subject: StoreSubject): void {
  describe(`the ${subject.name} push log`, () => {
    const bed = withStore(subject);
    const record = (id: string, event = pushEvent(), jobKeys: readonly string[] = []) =>
      bed.pushes.record([{ id, receivedAt: bed.clock.now(), event, jobKeys }]);
    const ids = async (...asked: Parameters<typeof bed.pushes.list>) =>
      (await bed.pushes.list(...asked)).pushes.map(({ id }) => id);

    it('keeps a push with the ids of its jobs, through a kill', async () => {
      const event = pushEvent({ dedupeKey: 'k', challenge: 'x', needsResolve: ['digest'] });
      const jobs = ['push:k:a', 'push:k:b'].map((key) => bed.accept({ targets: [key] }, key));
      await record('p1', event, ['push:k:a', 'push:k:b']);
      const jobIds = await Promise.all(jobs);
      await bed.crash();
      const kept = { id: 'p1', receivedAt: bed.clock.now(), event, jobIds, isRepeated: false };
      expect(await bed.pushes.get('p1')).toEqual(kept);
      expect(await bed.pushes.list({}, 9)).toEqual({ pushes: [kept], next: undefined });
    });

    it("knows a repeated event, and names the first one's jobs", async () => {
      const first = await bed.accept({}, 'push:k:a');
      await record('p1', pushEvent({ dedupeKey: 'k' }), ['push:k:a']);
      await bed.clock.advance(1);
      await bed.accept({}, 'push:k:a');
      await record('p2', pushEvent({ dedupeKey: 'k' }), ['push:k:a']);
      expect(await bed.pushes.get('p1')).toMatchObject({ jobIds: [first], isRepeated: false });
      expect(await bed.pushes.get('p2')).toMatchObject({ jobIds: [first], isRepeated: true });
    });

    it('keeps a push whose job was not accepted', async () => {
      await record('p1', pushEvent(), ['nothing']);
      expect((await bed.pushes.get('p1'))?.jobIds).toEqual([]);
    });

    it('gives nothing for an unknown id', async () => {
      expect(await bed.pushes.get('nobody')).toBeUndefined();
    });

    it('lists the newest first, in pages that stay while more comes in', async () => {
      const five = [1, 2, 3, 4, 5].map((number) => ({
        id: `p${number}`,
        receivedAt: bed.clock.now(),
        event: pushEvent(),
        jobKeys: [],
      }));
      await bed.pushes.record(five);
      const first = await bed.pushes.list({}, 2);
      expect(first.pushes.map(({ id }) => id)).toEqual(['p5', 'p4']);
      await record('p6');
      const second = await bed.pushes.list({}, 2, first.next);
      expect(second.pushes.map(({ id }) => id)).toEqual(['p3', 'p2']);
      expect(await bed.pushes.list({}, 2, second.next)).toMatchObject({ pushes: [{ id: 'p1' }], next: undefined });
      expect(await ids({}, 9, 'no cursor')).toEqual([]);
    });

    it('lists by receiver and relevance', async () => {
      await record('p1', pushEvent({ receiverId: 'a' }));
      await record('p2', pushEvent({ receiverId: 'b', relevant: false, reason: 'ping' }));
      await record('p3', pushEvent({ receiverId: 'a', relevant: false, reason: 'own-actor' }));
      expect(await ids({ receiverId: 'a' }, 9)).toEqual(['p3', 'p1']);
      expect(await ids({ relevant: false }, 9)).toEqual(['p3', 'p2']);
      expect(await ids({ receiverId: 'a', relevant: true }, 9)).toEqual(['p1']);
      expect(await ids({ receiverId: 'nobody' }, 9)).toEqual([]);
    });

    it('removes old ones, as many as are asked for', async () => {
      for (const id of ['p1', 'p2', 'p3']) await record(id);
      await bed.clock.advance(1000);
      await record('p4');
      expect(await bed.pushes.purge(bed.clock.now(), 2)).toBe(2);
      expect(await ids({}, 9)).toEqual(['p4', 'p3']);
      expect(await bed.pushes.purge(bed.clock.now(), 2)).toBe(1);
      expect(await bed.pushes.purge(bed.clock.now(), 2)).toBe(0);
    });

    it('is kept as long as jobs are', async () => {
      await record('p1');
      await bed.clock.advance(14 * DAY_MS);
      await upkeep(bed.store, bed.clock, () => 0, [bed.pushes]);
      expect(await ids({}, 9)).toEqual(['p1']);
      await bed.clock.advance(1);
      await upkeep(bed.store, bed.clock, () => 0, [bed.pushes]);
      expect(await ids({}, 9)).toEqual([]);
    });
  });
}
