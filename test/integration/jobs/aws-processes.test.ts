// What is particular to the store on DynamoDB and SQS: several processes at one table, indexes that lag, the messages that wake workers,
// and the limits of items and transactions. The contract that it shares with other stores is tested beside this.
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sizeBytes, type Item } from '../../../infra/aws/dynamo/attributes.ts';
import { tableAccess, type TableAccess } from '../../../infra/aws/dynamo/table-access.ts';
import { forgetProgress } from '../../../infra/aws/job-store/forget-progress.ts';
import { jobItem, pageItem, storedJob } from '../../../infra/aws/job-store/job-items.ts';
import { jobKey, waitingKey } from '../../../infra/aws/job-store/keys.ts';
import { TransshipError, isTransshipError } from '../../../shared/errors.ts';
import { newJobId } from '../../../shared/jobs/job-id.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import { newJob } from '../../../shared/jobs/new-job.ts';
import { awsBed, newTable, type AwsBed, type AwsTable } from '../../support/jobs/aws-subject.ts';
import { dynamoWatch, type DynamoWatch } from '../../support/jobs/dynamo-watch.ts';
import { manualClock, type ManualClock } from '../../support/jobs/manual-clock.ts';
import { seededRandom } from '../../support/jobs/seeded-random.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const LEASE_MS = 45_000;
/** DynamoDB takes a little more. */
const MOTO_ITEM_BYTES = 405_000;
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

// Without moto there is no DynamoDB to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('several processes at one table', () => {
  let moto: Moto;
  let bed: AwsBed;
  let watch: DynamoWatch;
  let clock: ManualClock;
  let table: AwsTable;
  let here: JobStore;
  let there: JobStore;
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    bed = awsBed(moto);
    watch = dynamoWatch(bed.dynamo);
  });
  beforeEach(async () => {
    clock = manualClock();
    table = await newTable(bed, clock);
    here = table.open();
    there = table.open();
    watch.calm();
  });
  afterEach(() => table?.remove());
  afterAll(async () => {
    bed?.close();
    await moto?.[Symbol.asyncDispose]();
  });

  const accept = async (store: JobStore, job: object = {}, key?: string): Promise<string> =>
    (await store.accept({ kind: 'mirror', payload: null, ...job }, key)).id;
  const messages = async () => {
    const asked = { QueueUrl: table.queueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
    const { Messages = [] } = await bed.sqs.send(new ReceiveMessageCommand(asked));
    return Messages.map(({ Body = '', MessageAttributes = {} }) => ({
      ...JSON.parse(Body),
      traceparent: MessageAttributes['traceparent']?.StringValue,
    }));
  };

  it('make one job of a key', async () => {
    const stores = Array.from({ length: 5 }, () => table.open());
    const race = Array.from({ length: 30 }, (_, index) => accept(stores[index % 5]!, {}, 'key'));
    expect(new Set(await Promise.all(race)).size).toBe(1);
    expect(await here.counts()).toMatchObject({ accepted: 1, states: { READY: 1 } });
  });

  it('leave one waiting job of a purpose, whoever accepts at the same moment', async () => {
    const race = Array.from({ length: 7 }, (_, index) => accept(index % 2 ? here : there, { targets: ['t'] }));
    await Promise.all(race);
    expect((await here.counts()).states).toMatchObject({ READY: 1, SUPERSEDED: 6 });
    const [last] = (await here.list({ state: 'READY' }, 9)).jobs;
    // each one that was superseded leads to the one that waits
    for (const { supersededBy } of (await here.list({ state: 'SUPERSEDED' }, 99)).jobs) {
      let next = await here.get(supersededBy ?? '');
      while (next?.supersededBy !== undefined) next = await here.get(next.supersededBy);
      expect(next?.id).toBe(last?.id);
    }
  });

  it('leave one where the one before it runs, and comes back to wait while another is accepted', async () => {
    const first = await accept(here, { targets: ['t'] });
    const [held] = await there.claim('mirror', 1, LEASE_MS);
    await Promise.all([accept(here, { targets: ['t'] }), accept(there, { targets: ['t'] })]);
    expect((await here.counts()).states).toMatchObject({ READY: 1, SUPERSEDED: 1 });
    // accept looks who waits, this one comes back, and only then is accepted
    await Promise.all([accept(here, { targets: ['t'] }), there.yield(held!.lease, 'slice')]);
    expect((await here.counts()).states).toMatchObject({ READY: 1, SUPERSEDED: 3 });
    expect(await here.get(first)).toMatchObject({ state: 'SUPERSEDED' });
  });

  it('accept where the list of those that wait is one that nobody counted', async () => {
    const key = waitingKey('mirror', '["t"]');
    await bed.dynamo.send(new PutItemCommand({ TableName: table.tableName, Item: { ...key, expiresAt: { N: '9' } } }));
    const older = await accept(here, { targets: ['t'] });
    const newer = await accept(there, { targets: ['t'] });
    expect(await here.get(older)).toMatchObject({ state: 'SUPERSEDED', supersededBy: newer });
  });

  it('give each job to one of them, and each target', async () => {
    for (let count = 0; count < 9; count += 1)
      await accept(here, count % 2 ? { targets: [`t${count % 3}`], coalesce: `${count}` } : {});
    const stores = Array.from({ length: 4 }, () => table.open());
    const claims = (await Promise.all(stores.map((store) => store.claim('mirror', 3, LEASE_MS)))).flat();
    expect(new Set(claims.map(({ job }) => job.id)).size).toBe(claims.length);
    // five without targets, and one of each of the three targets
    expect(claims).toHaveLength(8);
    const targets = claims.flatMap(({ job }) => job.targets);
    expect(new Set(targets).size).toBe(targets.length);
  });

  it('fence out the one that was taken for dead, although it remembers its job', async () => {
    const id = await accept(here, { targets: ['t'] });
    const [old] = await here.claim('mirror', 1, LEASE_MS);
    await here.heartbeat(old!.lease);
    await clock.advance(LEASE_MS);
    expect(await there.sweep(clock.now(), 9)).toBe(1);
    const [taken] = await there.claim('mirror', 1, LEASE_MS);
    expect(taken!.lease).toMatchObject({ jobId: id, fence: 2 });
    await expect(here.checkpoint(old!.lease, 1)).rejects.toMatchObject({ code: 'fence-lost' });
    await expect(here.complete(old!.lease)).rejects.toMatchObject({ code: 'fence-lost' });
    await there.complete(taken!.lease, 'right');
    expect(await here.get(id)).toMatchObject({ state: 'DONE', result: 'right' });
  });

  it('hear of a cancellation by another at the next heartbeat', async () => {
    const id = await accept(here);
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    await there.cancel(id);
    expect(await here.heartbeat(held!.lease)).toEqual({ cancelRequested: true });
  });

  it('only wait longer for an index that lags: nothing is done twice, nothing by a stale entry', async () => {
    for (const target of ['t', 'u']) await accept(here, { targets: [target] });
    watch.freezeIndexes();
    expect(await here.claim('mirror', 1, LEASE_MS)).toHaveLength(1);
    expect(await here.outbox(clock.now(), 9)).toEqual([]);
    // the index still offers both
    const [second] = await there.claim('mirror', 9, LEASE_MS);
    expect(await there.claim('mirror', 9, LEASE_MS)).toEqual([]);
    await there.complete(second!.lease, null, [{ type: 'x', body: 1 }]);
    await accept(there, { targets: ['u'] });
    expect(await here.claim('mirror', 9, LEASE_MS)).toEqual([]);
    expect(await here.outbox(clock.now(), 9)).toEqual([]);
    watch.calm();
    expect(await here.claim('mirror', 9, LEASE_MS)).toHaveLength(1);
    expect(await here.outbox(clock.now(), 9)).toHaveLength(1);
  });

  it('free, offer again and remove nothing because of what an index still has of it', async () => {
    const id = await accept(here);
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    await clock.advance(LEASE_MS);
    const now = clock.now();
    const later = new Date(now.getTime() + 1);
    watch.freezeIndexes();
    await there.sweep(now, 0);
    await here.heartbeat(held!.lease);
    expect(await there.sweep(now, 9)).toBe(0);
    await here.bury(held!.lease, { code: 'internal', message: 'x' });
    await there.redrive({}, 0);
    await there.purge(later, 0);
    await here.redrive({ ids: [id] }, 1);
    expect(await there.purge(later, 9)).toBe(0);
    expect(await there.redrive({}, 9)).toEqual([]);
    expect(await here.get(id)).toMatchObject({ state: 'READY', fence: 1 });
  });

  it('remove a job that ended, or offer it again, never both', async () => {
    const id = await accept(here);
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    await here.bury(held!.lease, { code: 'internal', message: 'x' });
    await clock.advance(1);
    const [removed, [offered]] = await Promise.all([there.purge(clock.now(), 9), here.redrive({ ids: [id] }, 1)]);
    expect(removed).toBe(offered === undefined ? 1 : 0);
    expect((await here.get(id))?.state).toBe(offered === undefined ? undefined : 'READY');
    expect((await here.counts()).states).toMatchObject({ READY: 1 - removed, DEAD: 0 });
  });

  it('keep a young message, and never put one off that was delivered a moment ago', async () => {
    await accept(here);
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    await here.complete(held!.lease, null, [{ type: 'x', body: 1 }]);
    await there.purge(clock.now(), 9);
    const [told] = await here.outbox(clock.now(), 9);
    await Promise.all([here.postpone(told!.id, clock.now()), there.delivered([told!.id])]);
    expect(await here.outbox(clock.now(), 9)).toEqual([]);
  });

  it('leave nothing of a job that was removed, however long its history is', async () => {
    const id = await accept(here, {}, 'key');
    await here.cancel(id);
    const tooLarge = (what: string) => new TransshipError('internal', what);
    const access = tableAccess({ dynamo: bed.dynamo, tableName: table.tableName, random: Math.random, tooLarge });
    const line = { at: clock.now(), type: 'progress', data: null } as const;
    await access.putAll(Array.from({ length: 95 }, (_, index) => pageItem(id, [{ ...line, sequence: index + 9 }])));
    const claimed = { ...line, type: 'claimed', sequence: 8 } as const;
    await access.putAll([pageItem(id, [{ ...line, sequence: 7 }, claimed])]);
    await clock.advance(1);
    const stored = storedJob((await access.get(jobKey(id))) ?? {});
    const purging: TableAccess = {
      ...access,
      async queryAll(query) {
        const found = await access.queryAll(query);
        expect(await there.purge(clock.now(), 9)).toBe(1);
        return found;
      },
    };
    // a worker of it was about to forget its old progress
    await forgetProgress(purging, { ...stored, pagedTo: 1099 }, { ...stored, pagedTo: 1100 });
    const { Items = [] } = await bed.dynamo.send(new ScanCommand({ TableName: table.tableName }));
    expect(Items.filter(({ pk }) => pk?.S?.startsWith('N#') !== true)).toEqual([]);
  });

  it('wait a conflict out, and know what an answer that was lost had done', async () => {
    watch.conflict(2);
    await accept(here, { targets: ['t'] }, 'key');
    // the SDK sends the same again; DynamoDB knows a repeated transaction by its token, moto refuses it
    watch.loseAnswer();
    const id = await accept(here, { targets: ['t'] });
    watch.loseAnswer();
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    expect(held?.job).toMatchObject({ id, fence: 1 });
    watch.loseAnswer();
    await here.progress(held!.lease, 'once');
    watch.throttle();
    await here.complete(held!.lease);
    expect((await here.log(id, 0, 9)).map(({ type }) => type)).toEqual(['accepted', 'claimed', 'progress', 'done']);
    expect((await here.counts()).states).toMatchObject({ READY: 0, LEASED: 0, DONE: 1, SUPERSEDED: 1 });
  });

  it('say that the store cannot be used, and keep nothing, where the table is out of reach', async () => {
    const away = table.open({ tableName: 'nobody-deployed-it' });
    await expect(away.accept({ kind: 'mirror', payload: null })).rejects.toMatchObject({
      code: 'store-unavailable',
      hint: expect.stringContaining('deployed'),
    });
  });

  it('bury a job that is too large to be claimed or given back, and go on with the others', async () => {
    // as a version with wider limits may have left them: a line of history more, and they are too large
    const put = async (job: Job): Promise<string> => {
      const stored = { rev: 1, age: table.order(), key: undefined, lines: [], pagedTo: 0, woken: true };
      const item = (hosts: string): Item => jobItem({ job: { ...job, hosts: [hosts] }, ...stored });
      const Item = item('h'.repeat(MOTO_ITEM_BYTES - 5 - sizeBytes(item(''))));
      await bed.dynamo.send(new PutItemCommand({ TableName: table.tableName, Item }));
      return job.id;
    };
    const now = clock.now();
    const asked = { kind: 'mirror', targets: ['t'], payload: 'what was asked for' };
    const waiting = await put(newJob(asked, newJobId(now), now));
    const leased = { state: 'LEASED', fence: 1, attempts: 1, leaseUntil: now } as const;
    const running = await put({ ...newJob({ ...asked, targets: ['u'] }, newJobId(now), now), ...leased });
    // one for the same goes beside it, where it cannot take its place
    const list = { ...waitingKey('mirror', '["t"]'), rev: { N: '1' }, jobIds: { SS: [waiting] } };
    await bed.dynamo.send(new PutItemCommand({ TableName: table.tableName, Item: list }));
    const good = await accept(here, { targets: ['t'] });
    // each of them finds it, and one of them buries it
    const slow = table.open({ clock: { ...clock, now: () => new Date(clock.now().getTime() + 1) } });
    const claims = await Promise.all([here, slow].map((store) => store.claim('mirror', 9, LEASE_MS)));
    expect(claims.flat().map(({ job }) => job.id)).toEqual([good]);
    expect((await here.log(waiting, 0, 9)).map(({ type }) => type)).toEqual(['dead']);
    await clock.advance(LEASE_MS);
    expect(await here.sweep(clock.now(), 9)).toBe(2);
    for (const id of [waiting, running]) {
      expect(await here.get(id)).toMatchObject({
        state: 'DEAD',
        payload: 'what was asked for',
        problem: { code: 'invalid-job', message: expect.stringContaining('more bytes than'), hint: expect.any(String) },
      });
    }
    expect((await here.get(good))?.state).toBe('READY');
    expect(await here.outbox(clock.now(), 9)).toMatchObject([{ jobId: waiting }, { jobId: running }]);
  });

  it('take messages that no transaction holds for what they are, and keep the job', async () => {
    const id = await accept(here);
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    const outbox = Array.from({ length: 80 }, () => ({ type: 'x', body: 'x'.repeat(60_000) }));
    await expect(here.complete(held!.lease, null, outbox)).rejects.toMatchObject({ code: 'invalid-job' });
    expect((await here.get(id))?.state).toBe('LEASED');
    await here.complete(held!.lease, null, outbox.slice(0, 50));
    expect(await here.outbox(clock.now(), 100)).toHaveLength(50);
  });

  it('hold a job of as many targets as there may be, and its message for each of them', async () => {
    const targets = Array.from({ length: 80 }, (_, index) => `t${index}`);
    await accept(here, { targets });
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    await accept(here, { targets: ['t7'], coalesce: 'one of them' });
    expect(await there.claim('mirror', 1, LEASE_MS)).toEqual([]);
    const outbox = targets.map((target) => ({ type: 'image.mirrored', body: { target } }));
    await here.complete(held!.lease, null, outbox);
    // whoever is slower tells nothing of what the other may have delivered by then
    const [told, again] = await Promise.all([there.outbox(clock.now(), 100), here.outbox(clock.now(), 100)]);
    expect(told.map(({ type, body }) => ({ type, body }))).toEqual(outbox);
    expect(again).toEqual([]);
    expect(await here.outbox(clock.now(), 100)).toEqual(told);
    await there.delivered(told.map(({ id }) => id));
    expect(await here.outbox(clock.now(), 100)).toEqual([]);
    expect(await there.claim('mirror', 1, LEASE_MS)).toHaveLength(1);
  });

  it('wake workers for what can run, and not sooner', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const id = await accept(here, { traceparent });
    expect(await messages()).toEqual([{ jobId: id, kind: 'mirror', traceparent }]);
    await accept(here, { runAt: new Date(clock.now().getTime() + 3_600_000) });
    expect(await messages()).toEqual([]);
    const [held] = await here.claim('mirror', 1, LEASE_MS);
    await here.yield(held!.lease, 'slice');
    expect(await messages()).toMatchObject([{ jobId: id }]);
  });

  it('send again what was not heard: a message that was lost, one that could not be sent, and a long wait', async () => {
    const failures: unknown[] = [];
    const deaf = table.open({
      queueFor: () => `${table.queueUrl}-gone`,
      onWakeFailed: (error) => void failures.push(error),
    });
    const unsent = await accept(deaf, { payload: 'unsent' });
    const later = await accept(deaf, { runAt: new Date(clock.now().getTime() + 3_600_000) });
    expect(failures).toHaveLength(1);
    await here.sweep(clock.now(), 9);
    expect(await messages()).toEqual([]);
    await clock.advance(60_000);
    await here.sweep(clock.now(), 9);
    expect(await messages()).toMatchObject([{ jobId: unsent, kind: 'mirror' }]);
    await here.claim('mirror', 9, 2 * 3_600_000);
    await clock.advance(3_540_000);
    await here.sweep(clock.now(), 9);
    expect(await messages()).toMatchObject([{ jobId: later }]);
  });

  it('cost few requests', async () => {
    const spent = async (operation: () => Promise<unknown>): Promise<Record<string, number>> => {
      watch.calm();
      await operation();
      return watch.requests();
    };
    const now = clock.now();
    const job = { kind: 'mirror', targets: ['t'], payload: null };
    expect(await spent(() => here.accept(job, 'key'))).toEqual({ BatchGetItem: 1, TransactWriteItems: 1 });
    expect(await spent(() => here.accept(job, 'key'))).toEqual({ BatchGetItem: 1 });
    expect(await spent(() => here.accept(job))).toEqual({ BatchGetItem: 2, TransactWriteItems: 1 });
    const [held] = await here.claim('other', 1, LEASE_MS).then(() => here.claim('mirror', 1, LEASE_MS));
    const { lease } = held!;
    expect(await spent(() => here.heartbeat(lease))).toEqual({ PutItem: 1 });
    expect(await spent(() => here.checkpoint(lease, 1))).toEqual({ PutItem: 1 });
    expect(await spent(() => here.progress(lease, 1))).toEqual({ PutItem: 1 });
    expect(await spent(() => here.yield(lease, 'slice'))).toEqual({ TransactWriteItems: 1 });
    const room = { perHost: 9, perRoute: 9 };
    const claim = () => here.claim('mirror', 1, LEASE_MS, room);
    expect(await spent(() => here.claim('other', 1, LEASE_MS, room))).toEqual({ Query: 4 });
    expect(await spent(claim)).toEqual({ Query: 8, GetItem: 1, TransactWriteItems: 1 });
    expect(await spent(() => here.complete({ ...lease, fence: 2 }))).toEqual({ TransactWriteItems: 1 });
    expect(await spent(() => here.counts())).toEqual({ BatchGetItem: 1 });
    expect(await spent(() => here.outbox(now, 9))).toEqual({ Query: 4 });
  });

  it(`do each push once, delivered again and again and out of order, while they die: seed ${SEED}`, async () => {
    const random = seededRandom(SEED);
    const pick = (count: number): number => Math.floor(random() * count);
    const pushes = Array.from({ length: 6 }, (_, index) => ({
      key: `push ${index}`,
      targets: [`t${index % 3}`],
      coalesce: `${index}`,
    }));
    const deliveries = pushes.flatMap((push) => [push, push]).sort(() => random() - 0.5);
    const effects = new Map<string, number[]>();
    const processes = [here, there, table.open()];

    /** One process: takes a delivery in, and works on a job, or dies with it. */
    async function act(index: number): Promise<void> {
      const delivery = deliveries.pop();
      if (delivery !== undefined) {
        const { key, ...job } = delivery;
        await processes[index]!.accept({ kind: 'mirror', payload: key, maxAttempts: 99, ...job }, key);
      }
      const [claimed] = await processes[index]!.claim('mirror', 1, LEASE_MS);
      if (claimed === undefined) return;
      const fate = pick(4);
      if (fate === 0) {
        processes[index] = table.open();
        return;
      }
      // taken for dead, and still alive
      if (fate === 1) {
        await clock.advance(LEASE_MS);
        await processes[(index + 1) % 3]!.sweep(clock.now(), 9);
      }
      const { jobId, fence } = claimed.lease;
      const refusal: unknown = await processes[index]!.complete(claimed.lease, fence).catch((error: unknown) => error);
      expect(refusal === undefined || isTransshipError(refusal, 'fence-lost')).toBe(true);
      if (refusal === undefined) effects.set(jobId, [...(effects.get(jobId) ?? []), fence]);
    }

    const isDone = async (): Promise<boolean> => (await here.counts()).states.DONE === pushes.length;
    for (let round = 0; round < 60 && !(deliveries.length === 0 && (await isDone())); round += 1) {
      await Promise.all([act(0), act(1), act(2)]);
      if (pick(3) === 0) {
        await clock.advance(LEASE_MS);
        await here.sweep(clock.now(), 9);
      }
    }
    const { accepted, states } = await here.counts();
    expect({ accepted, done: states.DONE }).toEqual({ accepted: pushes.length, done: pushes.length });
    const { jobs } = await here.list({}, 99);
    expect(new Set(jobs.map(({ payload }) => payload))).toEqual(new Set(pushes.map(({ key }) => key)));
    for (const { id, result } of jobs) expect(effects.get(id)).toEqual([result]);
  });
});
