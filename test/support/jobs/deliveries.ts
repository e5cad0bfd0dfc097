// One random schedule of what queues and processes do: messages that come twice, out of order and side by side, workers that are killed or
// frozen at any moment, and a clock that goes on. It ends when nobody interferes any more and all is done, or a time after that.
import { MIRRORS } from '../../../functions/job-kinds/job-limits.ts';
import type { IntakeDeps } from '../../../infra/aws/host/aws-host.ts';
import type { AwsJobStore } from '../../../infra/aws/job-store.ts';
import { takeMessages } from '../../../infra/aws/work/take-messages.ts';
import { keepStore } from '../../../infra/aws/work/timers/upkeep.ts';
import type { JobHandler } from '../../../shared/jobs/handler.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import type { ManualClock } from './manual-clock.ts';
import { seededRandom } from './seeded-random.ts';
import type { Sent } from './woken-bed.ts';

export type Deliveries = {
  seed: number;
  pushes: number;
  steps: number;
  clock: ManualClock;
  /** Opens what one process has of the store. */
  open: () => AwsJobStore;
  /** Of the process of the timers. */
  deps: IntakeDeps;
  /** Messages that can be received. */
  queue: Sent[];
  /** Lets what is under way go on until it waits for the clock. */
  settle: () => Promise<void>;
  /** Moves the clock. */
  pass: (ms: number) => Promise<void>;
};

export type DeliveriesEnd = {
  accepted: number;
  done: number;
  /** In words: what should not have happened. */
  wrong: string[];
};

const TARGETS = 5;
const INVOCATION_MS = 60_000;
/** Six times that: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const HIDDEN_MS = 360_000;
const MINUTE_MS = 60_000;
const MOST_MINUTES = 120;

type Process = {
  store: AwsJobStore;
  kill: () => void;
  /** Until it is thawed, it stands still. */
  freeze: () => void;
  thaw: () => void;
  isAlive: () => boolean;
};

/** What a killed process asks for is never answered; what a frozen one asks for is asked, and answered, when it goes on. */
function startedOn(store: AwsJobStore): Process {
  let isAlive = true;
  let frozen: PromiseWithResolvers<void> | undefined;
  const goOn = async (): Promise<void> => {
    await frozen?.promise;
    if (!isAlive) await new Promise(() => {});
  };
  const guarded = new Proxy(store, {
    get(target, name: keyof AwsJobStore) {
      const operation = target[name] as (...given: unknown[]) => Promise<unknown>;
      return async (...given: unknown[]) => {
        await goOn();
        const answer = operation(...given);
        await Promise.allSettled([answer]);
        await goOn();
        return answer;
      };
    },
  });
  return {
    store: guarded,
    kill: () => (isAlive = false),
    freeze: () => void (frozen ??= Promise.withResolvers<void>()),
    thaw() {
      frozen?.resolve();
      frozen = undefined;
    },
    isAlive: () => isAlive,
  };
}

export async function runDeliveries(options: Deliveries): Promise<DeliveriesEnd> {
  const { clock, queue, deps, open, settle, pushes } = options;
  const random = seededRandom(options.seed);
  const pick = (count: number): number => Math.floor(random() * count);
  /** What is written, and how often for each push. */
  const world = new Map<string, number>();
  const writes = new Map<number, number>();
  const hidden: { at: number; message: Sent }[] = [];
  const running = new Set<Process>();
  const told = new Set<number>();
  const wrong: string[] = [];

  /** Some slices of work, then a write of what is not there yet. A killed process writes nothing more. */
  function handlerOf(isAlive: () => boolean): JobHandler {
    return async ({ job, ending, checkpoint, assertHeld }) => {
      const push = Number(job.payload);
      const target = job.targets[0] ?? '';
      for (let done = Number(job.checkpoint ?? 0); done < push % 3; done += 1) {
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
  }

  function deliver(): void {
    const messages = queue.splice(0).sort(() => random() - 0.5);
    const batch = messages.splice(0, 1 + pick(3));
    queue.push(...messages);
    const [first] = batch;
    if (first === undefined) return;
    // once more, later
    if (pick(4) === 0) queue.push({ ...first, messageId: `${first.messageId}'` });
    if (pick(6) === 0) batch.push({ messageId: 'poison', body: '{"jobId"' });
    const at = clock.now().getTime() + HIDDEN_MS;
    for (const message of batch) hidden.push({ at, message });
    const own = startedOn(open());
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
    void answerTo(takeMessages(worker, batch, INVOCATION_MS), batch, own);
  }

  async function answerTo(answer: ReturnType<typeof takeMessages>, batch: readonly Sent[], by: Process): Promise<void> {
    const { batchItemFailures } = await answer;
    running.delete(by);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    if (batch.some(({ messageId }) => messageId === 'poison') !== failed.has('poison')) wrong.push('poison');
    for (const { messageId } of batch) {
      if (failed.has(messageId) && messageId !== 'poison') continue;
      const index = hidden.findIndex(({ message }) => message.messageId === messageId);
      if (index >= 0) hidden.splice(index, 1);
    }
  }

  function showHidden(): void {
    const nowMs = clock.now().getTime();
    for (const one of hidden.splice(0)) {
      if (one.at <= nowMs) queue.push(one.message);
      else hidden.push(one);
    }
  }

  async function push(number: number): Promise<void> {
    const job = { kind: MIRRORS.kind, targets: [targetOf(number)], coalesce: `${number}`, maxAttempts: 99 };
    await deps.jobs.accept({ ...job, payload: number }, `push ${number}`);
    told.add(number);
  }

  async function pass(ms: number): Promise<void> {
    await options.pass(ms);
    showHidden();
  }

  async function act(): Promise<void> {
    const dice = pick(11);
    const [someone] = [...running].sort(() => random() - 0.5);
    if (dice < 3 && told.size < pushes) return push(told.size);
    if (dice === 3 && told.size > 0) return push(pick(told.size));
    if (dice < 7) return deliver();
    if (dice === 9) return pass(pick(70_000));
    if (dice === 10) return keepStore(deps, random, INVOCATION_MS);
    if (someone === undefined) return undefined;
    if (dice === 7) {
      someone.kill();
      running.delete(someone);
      return undefined;
    }
    // longer than its lease: it comes back as one that was taken for dead
    someone.freeze();
    clock.after(MINUTE_MS + pick(MINUTE_MS), someone.thaw);
    return undefined;
  }

  async function isOver(): Promise<boolean> {
    const { READY, LEASED } = (await deps.jobs.counts()).states;
    return READY + LEASED + running.size === 0;
  }

  for (let step = 0; step < options.steps; step += 1) {
    await act();
    await settle();
  }
  while (told.size < pushes) await push(told.size);
  for (let minute = 0; minute < MOST_MINUTES && !(await isOver()); minute += 1) {
    await keepStore(deps, random, INVOCATION_MS);
    while (queue.length > 0) {
      deliver();
      await settle();
    }
    await pass(MINUTE_MS);
  }

  if (running.size > 0) wrong.push(`${running.size} processes have not ended`);
  for (const target of new Set([...told].map(targetOf))) {
    const last = Math.max(...[...told].filter((number) => targetOf(number) === target));
    if (world.get(target) !== last) wrong.push(`${target} is ${world.get(target)} and not ${last}`);
  }
  for (const [number, count] of writes) if (count > 1) wrong.push(`push ${number} was written ${count} times`);
  const { accepted, states } = await deps.jobs.counts();
  return { accepted, done: states.DONE, wrong };
}

function targetOf(push: number): string {
  return `t${push % TARGETS}`;
}
