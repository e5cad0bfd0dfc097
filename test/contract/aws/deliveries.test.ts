// Random schedules of what queues and processes do: messages that come twice, out of order and side by side, workers that are killed or
// frozen at any moment, and a clock that goes on. Whatever happens, each job is done, and each effect is there once.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIRRORS } from '../../../functions/job-kinds/job-limits.ts';
import { takeMessages } from '../../../infra/aws/work/take-messages.ts';
import { keepStore } from '../../../infra/aws/work/timers/upkeep.ts';
import type { AwsJobStore } from '../../../infra/aws/job-store.ts';
import type { JobHandler } from '../../../shared/jobs/handler.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { settle } from '../../support/jobs/manual-clock.ts';
import { seededRandom } from '../../support/jobs/seeded-random.ts';
import { openWokenBed, type Sent, type WokenBed } from '../../support/jobs/woken-bed.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 6);
const STEPS = 60;
const PUSHES = 14;
const TARGETS = 5;
const INVOCATION_MS = 60_000;
/** Six times that: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const HIDDEN_MS = 360_000;

type Process = {
  store: AwsJobStore;
  kill(): void;
  /** Until it is thawed, it stands still. */ freeze(): void;
  thaw(): void;
  isAlive(): boolean;
};

/** What a killed process asks for is never answered; what a frozen one asks for is asked, and answered, when it goes on. */
function startedOn(store: AwsJobStore): Process {
  let isAlive = true;
  let thawed = Promise.withResolvers<void>();
  thawed.resolve();
  const goOn = async (): Promise<void> => {
    await thawed.promise;
    if (!isAlive) await new Promise(() => {});
  };
  const guarded = new Proxy(store, {
    get(target, name: keyof AwsJobStore) {
      const operation = target[name] as (...given: unknown[]) => Promise<unknown>;
      return async (...given: unknown[]) => {
        await goOn();
        return operation(...given).finally(goOn);
      };
    },
  });
  return {
    store: guarded,
    kill: () => (isAlive = false),
    freeze: () => (thawed = Promise.withResolvers<void>()),
    thaw: () => thawed.resolve(),
    isAlive: () => isAlive,
  };
}

describe('schedules of deliveries', () => {
  let bed: WokenBed;
  beforeEach(async () => {
    bed = await openWokenBed();
  });
  afterEach(() => bed.close());

  const seeds = Array.from({ length: SCHEDULES }, (_, index) => SEED + index);

  it.each(seeds)('lose no job and have no effect twice: seed %i', async (seed) => {
    const random = seededRandom(seed);
    const pick = (count: number): number => Math.floor(random() * count);
    const { clock, queue } = bed;
    /** What is written, and how often for each push. */
    const world = new Map<string, number>();
    const writes = new Map<number, number>();
    const hidden: { at: number; message: Sent }[] = [];
    const running = new Set<Process>();
    const told = new Set<number>();
    const wrong: string[] = [];

    /** Two slices of work, then a write of what is not there yet. A killed process writes nothing more. */
    const handlerOf = (isAlive: () => boolean): JobHandler => {
      return async ({ job, ending, checkpoint, assertHeld }) => {
        const push = Number(job.payload);
        const target = job.targets[0] ?? '';
        const slices = push % 3;
        for (let done = Number(job.checkpoint ?? 0); done < slices; done += 1) {
          await new Promise<void>((resolve) => {
            clock.after(pick(50_000), resolve);
            ending.addEventListener('abort', () => resolve());
          });
          if (ending.aborted) return 'yield';
          await checkpoint(done + 1);
        }
        await assertHeld();
        if (!isAlive() || (world.get(target) ?? -1) >= push) return {};
        world.set(target, push);
        writes.set(push, (writes.get(push) ?? 0) + 1);
        return { result: push };
      };
    };

    function deliver(): void {
      const messages = queue.splice(0).sort(() => random() - 0.5);
      const batch = messages.splice(0, 1 + pick(3));
      queue.push(...messages);
      if (batch.length === 0) return;
      // once more, later
      if (pick(4) === 0) queue.push({ ...batch[0]!, messageId: `${batch[0]!.messageId}'` });
      if (pick(6) === 0) batch.push({ messageId: 'poison', body: '{"jobId"' });
      const at = clock.now().getTime() + HIDDEN_MS;
      for (const message of batch) hidden.push({ at, message });
      const own = startedOn(bed.store);
      running.add(own);
      const worker = {
        ...MIRRORS,
        store: own.store,
        clock,
        random,
        logger: silentLogger,
        metrics: noMetrics,
        room: { perHost: 99, perRoute: 99 },
        handler: handlerOf(own.isAlive),
      };
      void takeMessages(worker, batch, INVOCATION_MS).then(({ batchItemFailures }) => {
        running.delete(own);
        const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        if (batch.some(({ messageId }) => messageId === 'poison') !== failed.has('poison')) wrong.push('poison');
        for (const { messageId } of batch) {
          if (failed.has(messageId) && messageId !== 'poison') continue;
          const index = hidden.findIndex(({ message }) => message.messageId === messageId);
          if (index >= 0) hidden.splice(index, 1);
        }
      });
    }

    function showHidden(): void {
      const nowMs = clock.now().getTime();
      for (const one of hidden.splice(0)) {
        if (one.at <= nowMs) queue.push(one.message);
        else hidden.push(one);
      }
    }

    async function push(number: number): Promise<void> {
      const target = `t${number % TARGETS}`;
      await bed.store.accept(
        { kind: 'mirror', targets: [target], coalesce: `${number}`, payload: number, maxAttempts: 99 },
        `push ${number}`,
      );
      told.add(number);
    }

    async function pass(ms: number): Promise<void> {
      await clock.advance(ms);
      showHidden();
    }

    async function act(): Promise<void> {
      const dice = pick(11);
      const [someone] = [...running].sort(() => random() - 0.5);
      if (dice < 3 && told.size < PUSHES) return push(told.size);
      if (dice === 3 && told.size > 0) return push(pick(told.size));
      if (dice < 7) return deliver();
      if (dice === 7) {
        someone?.kill();
        if (someone !== undefined) running.delete(someone);
        return undefined;
      }
      if (dice === 8) {
        // longer than its lease: it comes back as one that was taken for dead
        someone?.freeze();
        if (someone !== undefined) clock.after(60_000 + pick(60_000), someone.thaw);
        return undefined;
      }
      if (dice === 9) return pass(pick(70_000));
      return keepStore(bed.deps(), random, INVOCATION_MS);
    }

    for (let step = 0; step < STEPS; step += 1) {
      await act();
      await settle();
    }
    while (told.size < PUSHES) await push(told.size);
    const open = async (): Promise<number> => {
      const { READY, LEASED } = (await bed.store.counts()).states;
      return READY + LEASED;
    };
    for (let minute = 0; minute < 120 && ((await open()) > 0 || running.size > 0); minute += 1) {
      await keepStore(bed.deps(), random, INVOCATION_MS);
      while (queue.length > 0) deliver();
      await settle();
      await pass(60_000);
    }

    const { accepted, states } = await bed.store.counts();
    expect({ wrong, accepted, done: states.DONE }).toEqual({ wrong: [], accepted: PUSHES, done: PUSHES });
    // each target has what was pushed last, and nothing was written twice
    for (let target = 0; target < TARGETS; target += 1) {
      const last = Math.max(...[...told].filter((number) => number % TARGETS === target));
      expect(world.get(`t${target}`)).toBe(last);
    }
    expect([...writes.values()].filter((count) => count > 1)).toEqual([]);
  });
});
