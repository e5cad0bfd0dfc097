// Workers that messages wake, at tables and queues of a moto server: indexes that lag, jobs that are claimed by name, messages that come
// through a queue, workers that are killed, and marks that several processes set.
import { DeleteMessageCommand, ReceiveMessageCommand, type SendMessageCommandInput } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MIRRORS } from '../../../functions/job-kinds/job-limits.ts';
import type { AwsJobStore } from '../../../infra/aws/job-store.ts';
import { recordMarks } from '../../../infra/aws/records/marks.ts';
import { tableAccess } from '../../../infra/aws/dynamo/table-access.ts';
import { runWoken } from '../../../infra/aws/work/run-woken.ts';
import { takeMessages } from '../../../infra/aws/work/take-messages.ts';
import type { IntakeDeps } from '../../../infra/aws/host/aws-host.ts';
import { runTimer } from '../../../infra/aws/work/run-timer.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { JobHandler } from '../../../shared/jobs/handler.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { configOf } from '../../support/config-of.ts';
import { awsBed, newTable, type AwsBed, type AwsTable } from '../../support/jobs/aws-subject.ts';
import { runDeliveries } from '../../support/jobs/deliveries.ts';
import { dynamoWatch, type DynamoWatch } from '../../support/jobs/dynamo-watch.ts';
import { manualClock, settle, type ManualClock } from '../../support/jobs/manual-clock.ts';
import type { Sent } from '../../support/jobs/woken-bed.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const LEASE_MS = 45_000;
const INVOCATION_MS = 240_000;
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

// Without moto there is no DynamoDB to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('workers that messages wake, at DynamoDB and SQS', () => {
  let moto: Moto;
  let bed: AwsBed;
  let watch: DynamoWatch;
  let clock: ManualClock;
  let table: AwsTable;
  let here: AwsJobStore;
  let there: AwsJobStore;
  /** What was sent to the queue, and how many requests are on their way. */
  let sent: SendMessageCommandInput[];
  let underWay = 0;
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    bed = awsBed(moto);
    watch = dynamoWatch(bed.dynamo);
    bed.dynamo.middlewareStack.add((next) => (args) => counted(next(args)), { step: 'initialize', priority: 'high' });
    bed.sqs.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'SendMessageCommand') sent.push(args.input as SendMessageCommandInput);
          return counted(next(args));
        },
      { step: 'initialize' },
    );
  });
  beforeEach(async () => {
    clock = manualClock();
    table = await newTable(bed, clock);
    here = table.open();
    there = table.open();
    sent = [];
    watch.calm();
  });
  afterEach(() => table?.remove());
  afterAll(async () => {
    bed?.close();
    await moto?.[Symbol.asyncDispose]();
  });

  async function counted<Answer>(request: Promise<Answer>): Promise<Answer> {
    underWay += 1;
    return request.finally(() => (underWay -= 1));
  }

  const workerOf = (store: AwsJobStore, handler: JobHandler) => ({
    ...MIRRORS,
    store,
    clock,
    random: () => 1,
    logger: silentLogger,
    metrics: noMetrics,
    handler,
  });
  const done: JobHandler = async ({ job }) => ({ result: job.payload });
  const accept = async (store: AwsJobStore, job: object = {}): Promise<string> =>
    (await store.accept({ kind: 'mirror', payload: null, ...job })).id;
  const named = (id: string, again = false) => ({ id, again });
  const told = () => sent.map(({ MessageBody = '', DelaySeconds }) => ({ ...JSON.parse(MessageBody), DelaySeconds }));

  /** What a poller of Lambda does: receives, calls, and deletes what did not fail. */
  async function poll(store: AwsJobStore, handler: JobHandler): Promise<string[]> {
    const asked = { QueueUrl: table.queueUrl, MaxNumberOfMessages: 10 };
    const { Messages = [] } = await bed.sqs.send(new ReceiveMessageCommand(asked));
    const messages = Messages.map(({ MessageId: messageId = '', Body: body = '', ReceiptHandle = '' }) => {
      return { messageId, body, ReceiptHandle };
    });
    const { batchItemFailures } = await takeMessages(workerOf(store, handler), messages, INVOCATION_MS);
    const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    for (const { messageId, ReceiptHandle } of messages) {
      if (failed.includes(messageId)) continue;
      await bed.sqs.send(new DeleteMessageCommand({ QueueUrl: table.queueUrl, ReceiptHandle }));
    }
    return messages.filter(({ messageId }) => failed.includes(messageId)).map(({ body }) => body);
  }

  const depsOf = (store: AwsJobStore): IntakeDeps => ({
    clock,
    config: () => configOf(''),
    jobs: store,
    logger: silentLogger,
    metrics: noMetrics,
    marks: marksOf(),
    pushes: { purge: async () => 0 } as Partial<IntakeDeps['pushes']> as IntakeDeps['pushes'],
    grants: {} as IntakeDeps['grants'],
  });
  const marksOf = () =>
    recordMarks(
      tableAccess({
        dynamo: bed.dynamo,
        tableName: table.tableName,
        random: () => 0,
        tooLarge: (what) => new TransshipError('internal', what),
      }),
    );
  const upkeep = (store: AwsJobStore) =>
    runTimer({ timer: 'upkeep' }, { deps: depsOf(store), random: () => 0, remainingMs: 60_000 });

  it('do a job that the index does not show yet: the message names it', async () => {
    watch.freezeIndexes();
    expect(await here.claim('mirror', 1, LEASE_MS, MIRRORS.room)).toEqual([]);
    const ids = [await accept(here, { payload: 1, hosts: ['r.io'] }), await accept(here, { payload: 2 })];
    await runWoken(
      workerOf(there, done),
      ids.map((id) => named(id)),
      INVOCATION_MS,
    );
    for (const id of ids) expect((await here.get(id))?.state).toBe('DONE');
  });

  it('give a job that many of them are told of to one', async () => {
    const id = await accept(here, { targets: ['t'] });
    const stores = Array.from({ length: 6 }, () => table.open());
    const claims = await Promise.all(
      stores.map((store) => store.claimNamed('mirror', [named(id), named(id)], LEASE_MS)),
    );
    expect(claims.flat()).toHaveLength(1);
  });

  it('take nothing by its name that they could not have by its kind', async () => {
    const [held] = (await accept(here, { targets: ['t'] }), await here.claim('mirror', 1, LEASE_MS));
    const other = await accept(here, { kind: 'sweep' });
    const later = await accept(here, { runAt: new Date(clock.now().getTime() + 60_000) });
    const over = await accept(here, { targets: ['u'] });
    await runWoken(workerOf(there, done), [named(over)], INVOCATION_MS);
    sent = [];
    const all = [held!.job.id, other, later, over, 'gone'].map((id) => named(id));
    expect(await there.claimNamed('mirror', all, LEASE_MS)).toEqual([]);
    expect(sent).toEqual([]);
  });

  it('are told once more of a job whose target is held, whose hosts have no room, or whose time comes in a moment', async () => {
    const room = { perHost: 1, perRoute: 1 };
    await accept(here, { targets: ['t'], hosts: ['r.io'] });
    await here.claim('mirror', 1, LEASE_MS, room);
    const held = await accept(here, { targets: ['t'], coalesce: 'another' });
    const full = await accept(here, { hosts: ['r.io'] });
    const soon = await accept(here, { runAt: new Date(clock.now().getTime() + 900) });
    sent = [];
    const ids = [held, full, soon];
    expect(
      await there.claimNamed(
        'mirror',
        ids.map((id) => named(id)),
        LEASE_MS,
        room,
      ),
    ).toEqual([]);
    expect(told()).toEqual(
      expect.arrayContaining(ids.map((jobId) => ({ jobId, kind: 'mirror', again: true, DelaySeconds: 5 }))),
    );
    sent = [];
    // and no more: the upkeep looks after it
    await there.claimNamed(
      'mirror',
      ids.map((id) => named(id, true)),
      LEASE_MS,
      room,
    );
    expect(sent).toEqual([]);
    await clock.advance(900);
    expect(await there.claimNamed('mirror', [named(soon, true)], LEASE_MS, room)).toHaveLength(1);
  });

  it('take the next job right behind the last one, while the index still shows that one as running', async () => {
    const room = { perHost: 1, perRoute: 1 };
    for (const payload of ['first', 'second']) await accept(here, { payload, hosts: ['r.io'] });
    const [first] = await here.claim('mirror', 1, LEASE_MS, room);
    watch.freezeIndexes();
    for (const store of [here, there]) expect(await store.claim('mirror', 1, LEASE_MS, room)).toEqual([]);
    await here.complete(first!.lease, null);
    // another process knows nothing of that: it is told a moment later
    expect(await there.claim('mirror', 1, LEASE_MS, room)).toEqual([]);
    sent = [];
    await here.passOn(first!.job);
    expect(told()).toMatchObject([{ DelaySeconds: 1 }]);
    const [second] = await here.claim('mirror', 1, LEASE_MS, room);
    expect(second?.job.payload).toBe('second');
    // one that another process has claimed since is running again
    watch.calm();
    await here.yield(second!.lease, 'stop');
    const third = await accept(here, { payload: 'third', hosts: ['r.io'] });
    await clock.advance(1000);
    expect(await there.claim('mirror', 1, LEASE_MS, room)).toHaveLength(1);
    expect(await here.claim('mirror', 1, LEASE_MS, room)).toEqual([]);
    expect(await here.claimNamed('mirror', [named(third)], LEASE_MS, room)).toEqual([]);
  });

  it('are told of a forgotten job, however many of another kind wait in front of it', async () => {
    for (let count = 0; count < 9; count += 1) await accept(here);
    const forgotten = await accept(here, { kind: 'access' });
    await clock.advance(60_000);
    sent = [];
    await here.sweep(clock.now(), 8);
    expect(told().filter(({ kind }) => kind === 'mirror')).toHaveLength(2);
    expect(told()).toContainEqual({ jobId: forgotten, kind: 'access', DelaySeconds: 0 });
  });

  it('keep what they have claimed when the table fails before they have all', async () => {
    for (const target of ['t', 'u']) await accept(here, { targets: [target] });
    let writes = 0;
    bed.dynamo.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'TransactWriteItemsCommand') writes += 1;
          if (commandName === 'TransactWriteItemsCommand' && writes === 2) throw new Error('away');
          return next(args);
        },
      { step: 'initialize', name: 'away' },
    );
    try {
      expect(await here.claim('mirror', 2, LEASE_MS)).toHaveLength(1);
    } finally {
      bed.dynamo.middlewareStack.remove('away');
    }
  });

  it('do a batch of a queue with a message of poison in it: that one stays', async () => {
    for (let count = 0; count < 3; count += 1) await accept(here, { payload: count });
    await here.passOn({ ...(await here.list({}, 1)).jobs[0]!, kind: 'mirror', id: '' });
    const failed: string[] = [];
    while ((await here.counts()).states.DONE < 3) failed.push(...(await poll(here, done)));
    expect(failed.every((body) => body === '{"jobId":"","kind":"mirror"}')).toBe(true);
    expect((await here.counts()).states).toMatchObject({ DONE: 3, READY: 0, LEASED: 0 });
  });

  it('carry a job on through the queue that is longer than a slice', async () => {
    const id = await accept(here);
    const slices: unknown[] = [];
    const handler: JobHandler = async ({ job, ending, checkpoint }) => {
      slices.push(job.checkpoint ?? 0);
      const next = Number(job.checkpoint ?? 0) + 1;
      await checkpoint(next);
      if (next === 4) return { result: 'whole' };
      const over = new Promise<void>((resolve) => ending.addEventListener('abort', () => resolve()));
      await clock.advance(INVOCATION_MS * 0.7);
      await over;
      return 'yield';
    };
    while ((await here.get(id))?.state !== 'DONE') await poll(slices.length % 2 ? there : here, handler);
    expect(slices).toEqual([0, 1, 2, 3]);
    expect(await here.get(id)).toMatchObject({ result: 'whole', attempts: 1 });
  });

  it('take the job of a killed one up within two minutes, and fence it out when it was only frozen', async () => {
    const id = await accept(here, { targets: ['t'] });
    await poll(there, done).then(() => accept(here, { targets: ['t'], payload: 'next' }));
    const [zombie] = await here.claim('mirror', 1, LEASE_MS);
    const diedAt = clock.now().getTime();
    while ((await here.get(zombie!.job.id))?.state !== 'DONE') {
      await clock.advance(60_000);
      await upkeep(there);
      await poll(there, done);
    }
    expect(clock.now().getTime() - diedAt).toBeLessThanOrEqual(120_000);
    expect(await here.get(zombie!.job.id)).toMatchObject({ result: 'next', fence: 2 });
    await expect(here.heartbeat(zombie!.lease)).rejects.toMatchObject({ code: 'fence-lost' });
    await expect(here.complete(zombie!.lease, 'wrong')).rejects.toMatchObject({ code: 'fence-lost' });
    expect((await here.get(id))?.state).toBe('DONE');
  });

  it('say since when the job that has waited longest could run', async () => {
    expect(await here.oldestDue(clock.now())).toBeUndefined();
    await accept(here, { runAt: new Date(clock.now().getTime() + 60_000) });
    expect(await here.oldestDue(clock.now())).toBeUndefined();
    const since = clock.now();
    await accept(here, { kind: 'sweep', priority: 9 });
    await clock.advance(90_000);
    expect(await here.oldestDue(clock.now())).toEqual(since);
  });

  it('share marks: of several that set one at the same time one does', async () => {
    const marks = marksOf();
    const mark = (value: string, generation: number) => ({
      value,
      before: generation === 1 ? undefined : 'a0',
      since: clock.now(),
      generation,
    });
    expect(await marks.get('m')).toBeUndefined();
    const first = await Promise.all([0, 1, 2, 3].map((index) => marks.set('m', mark(`a${index}`, 1), undefined)));
    expect(first.filter(Boolean)).toHaveLength(1);
    const seen = await marks.get('m');
    expect(seen).toEqual(mark(`a${first.indexOf(true)}`, 1));
    expect(await marks.set('m', mark('b', 2), seen)).toBe(true);
    expect(await marks.set('m', mark('c', 2), seen)).toBe(false);
    // the answer was lost: it is there
    expect(await marks.set('m', mark('b', 2), seen)).toBe(true);
    expect(await marks.get('m')).toEqual(mark('b', 2));
  });

  it(`lose no job and have no effect twice, whatever is delivered when: seed ${SEED}`, async () => {
    const queue: Sent[] = [];
    let count = 0;
    sent = Object.assign([], {
      push({ MessageBody: body = '', DelaySeconds = 0 }: SendMessageCommandInput) {
        count += 1;
        const messageId = `m${count}`;
        clock.after(DelaySeconds * 1000, () => void queue.push({ messageId, body }));
      },
    });
    async function calm(): Promise<void> {
      for (let turns = 0; turns < 20; turns = underWay === 0 ? turns + 1 : 0) await settle();
    }
    const end = await runDeliveries({
      seed: SEED,
      pushes: 7,
      steps: 30,
      clock,
      open: () => table.open(),
      deps: depsOf(here),
      queue,
      settle: calm,
      async pass(ms) {
        for (let passed = 0; passed < ms; passed += 5000) {
          await clock.advance(Math.min(5000, ms - passed));
          await calm();
        }
      },
    });
    expect(end).toEqual({ accepted: 7, done: 7, wrong: [] });
  });
});
