// What is kept beside jobs on DynamoDB, at a moto server: under the contracts of all stores, and what is particular to it: several processes
// at one table, answers that get lost, the limits of items, the summary of the journal of grants.
import { DeleteItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tableAccess } from '../../../infra/aws/dynamo/table-access.ts';
import { LINES_PART, type Commits } from '../../../infra/aws/records/grant-journal/commits.ts';
import { largeAppends } from '../../../infra/aws/records/grant-journal/large-appends.ts';
import { readParts } from '../../../infra/aws/records/grant-journal/long-text.ts';
import { summaries } from '../../../infra/aws/records/grant-journal/summaries.ts';
import { SUMMARY, linesGroup } from '../../../infra/aws/records/keys.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantStore, StoredLine } from '../../../shared/grants/grant-store.ts';
import { grantsOf, type JournalLine } from '../../../shared/grants/journal.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { describeGrantStore } from '../../contract/grants/grant-store.ts';
import { describeApiTokens } from '../../contract/store/api-tokens.ts';
import { describePushLog } from '../../contract/store/push-log.ts';
import { describeAcceptingPushes } from '../../contract/store/registry-push.ts';
import { describeTagJournal } from '../../contract/store/tag-journal.ts';
import {
  awsBed,
  awsStoreSubject,
  newRecordTable,
  newTable,
  type AwsBed,
  type AwsRecordTable,
  type AwsRecords,
  type AwsTable,
} from '../../support/jobs/aws-subject.ts';
import { dynamoWatch, type DynamoWatch } from '../../support/jobs/dynamo-watch.ts';
import { manualClock, type ManualClock } from '../../support/jobs/manual-clock.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { pushEvent } from '../../support/push-event.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const DECLARATION = {
  grantees: [],
  what: [],
  mode: 'enforce',
  onExpiry: 'revoke',
  pin: 'name',
  adopt: false,
  origin: 'store',
} as const;

// Without moto there is no DynamoDB to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('at moto', () => {
  let moto: Moto;
  let bed: AwsBed;
  let watch: DynamoWatch;
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    bed = awsBed(moto);
    watch = dynamoWatch(bed.dynamo);
  });
  afterAll(async () => {
    bed?.close();
    await moto?.[Symbol.asyncDispose]();
  });

  const subject = awsStoreSubject(() => bed);
  describePushLog(subject);
  describeTagJournal(subject);
  describeApiTokens(subject);
  describeAcceptingPushes(subject);
  describeGrantStore(subject);

  describe('several processes at one table of records', () => {
    let clock: ManualClock;
    let jobTable: AwsTable;
    let table: AwsRecordTable;
    let jobs: JobStore;
    let here: AwsRecords;
    let there: AwsRecords;
    beforeEach(async () => {
      clock = manualClock();
      jobTable = await newTable(bed, clock);
      table = await newRecordTable(bed, clock, jobTable);
      jobs = jobTable.open();
      [here, there] = [table.open(), table.open()];
      watch.calm();
    });
    afterEach(() => Promise.all([jobTable.remove(), table.remove()]));

    const line = (grant: string, reason: string): JournalLine => ({
      at: clock.now(),
      actor: 'test',
      event: 'declared',
      grant,
      declaration: { ...DECLARATION, id: grant, reason },
      declarationSha: 'sha',
    });
    const reasonOf = ({ line: one }: StoredLine) => (one.event === 'declared' ? one.declaration.reason : undefined);
    const allLines = (grants: GrantStore) => grants.lines({ limit: 100_000 });
    const accept = async (key: string) => (await jobs.accept({ kind: 'mirror', payload: null }, key)).id;
    const record = (id: string, jobKeys: readonly string[]) =>
      here.pushes.record([{ id, receivedAt: clock.now(), event: pushEvent(), jobKeys }]);

    it('add to one journal: every append whole, and nobody who follows it misses a line', async () => {
      const followed: StoredLine[] = [];
      const writing = Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const lines = Array.from({ length: 1 + (index % 3) }, (__, part) => line('g', `${index}.${part}`));
          return (index % 2 ? here : there).grants.append(lines);
        }),
      );
      let isWritten = false;
      void writing.then(() => (isWritten = true));
      for (let isLast = false; !isLast;) {
        isLast = isWritten;
        followed.push(...(await table.open().grants.lines({ after: followed.at(-1)?.seq ?? 0, limit: 7 })));
        isLast &&= followed.at(-1)?.seq === (await here.grants.last());
      }
      await writing;
      expect(followed).toEqual(await allLines(there.grants));
      const numbers = followed.map(({ seq }) => seq);
      expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
      const firsts = followed.map(reasonOf).filter((reason) => reason?.endsWith('.0'));
      expect(new Set(firsts)).toEqual(new Set(Array.from({ length: 40 }, (_, index) => `${index}.0`)));
      expect(firsts).toHaveLength(40);
      // the lines of an append stand together
      const torn = followed.filter((one, index) => {
        const [append, part = 0] = String(reasonOf(one)).split('.').map(Number);
        return part > 0 && reasonOf(followed[index - 1]!) !== `${append}.${part - 1}`;
      });
      expect(torn).toEqual([]);
    });

    it('know what an answer that was lost had done, and wait a conflict out', async () => {
      for (const trouble of [() => watch.conflict(2), () => watch.throttle(), () => watch.loseAnswer()]) {
        trouble();
        await here.grants.append([line('g', 'once')]);
        trouble();
        expect(await here.grants.hold('t', 'one', 1000)).toBe(true);
        trouble();
        await here.grants.release('t', 'one');
      }
      expect(await there.grants.hold('t', 'two', 1000)).toBe(true);
      expect((await allLines(there.grants)).map(reasonOf)).toEqual(['once', 'once', 'once']);
      watch.loseAnswer();
      const token = { id: 'one', name: 'ci', scopes: ['read'] as const, createdAt: clock.now() };
      await here.apiTokens.add(token, 'aa');
      expect(await there.apiTokens.list()).toEqual([token]);
    });

    it('give a target to one of those who reach for it at the same moment', async () => {
      const holders = Array.from({ length: 10 }, (_, index) => `holder ${index}`);
      const hold = (holder: string, index: number) => (index % 2 ? here : there).grants.hold('t', holder, 1000);
      expect((await Promise.all(holders.map(hold))).filter(Boolean)).toHaveLength(1);
      await clock.advance(1000);
      expect((await Promise.all(holders.map(hold))).filter(Boolean)).toHaveLength(1);
    });

    it('read an append that no item and no transaction holds, or nothing of it', async () => {
      // many megabytes, and compressed still more than one item
      const reason = () => `${randomBytes(8000).toString('hex')}${'x'.repeat(45_000)}`;
      const lines = Array.from({ length: 75 }, () => line('g', reason()));
      const unlucky = table.open(() => 0);
      watch.conflict(8);
      await expect(unlucky.grants.append(lines)).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(await allLines(here.grants)).toEqual([]);
      await Promise.all([unlucky.grants.append(lines), unlucky.grants.append([line('g', 'behind it')])]);
      const found = await there.grants.lines({ limit: 50 });
      found.push(...(await there.grants.lines({ after: found.at(-1)!.seq, limit: 50 })));
      expect(found.map((stored) => stored.line)).toEqual([...lines, line('g', 'behind it')]);
    });

    it('remove the parts of a large append that never came to its end, and of no other', async () => {
      const large = () => [line('g', randomBytes(200_000).toString('hex'))];
      const parts = async () => {
        const { Items = [] } = await bed.dynamo.send(new ScanCommand({ TableName: table.tableName }));
        const groups = Items.map(({ pk }) => pk?.S ?? '').filter((pk) => /^J[PQ]/.test(pk));
        return [...new Set(groups.map((pk) => pk.slice(0, 2)))].map((kind) => [
          kind,
          new Set(groups.filter((pk) => pk.startsWith(kind))).size,
        ]);
      };
      const append = async (count: number) => {
        for (let number = 0; number < count; number += 1) await here.grants.append([line('g', 'small')]);
      };
      await here.grants.append(large());
      watch.conflict(8);
      await expect(table.open(() => 0).grants.append(large())).rejects.toMatchObject({ code: 'store-unavailable' });
      await append(10);
      expect(await parts()).toEqual([
        ['JP', 2],
        ['JQ', 1],
      ]);
      await clock.advance(3_600_001);
      await append(10);
      expect(await parts()).toEqual([['JP', 1]]);
      expect(await allLines(there.grants)).toHaveLength(21);
    });

    it('give a large append up or commit it, never both', async () => {
      const tooLarge = (what: string) => new TransshipError('internal', what);
      const access = tableAccess({ dynamo: bed.dynamo, tableName: table.tableName, random: () => 0, tooLarge });
      const appends = largeAppends(access, clock);
      const [slow, quick] = [await appends.begin('slow', 'lines'), await appends.begin('quick', 'lines')];
      const left = (id: string) => readParts(access, linesGroup(id), LINES_PART, 1);
      await clock.advance(3_600_001);
      // whoever gives them up finds both, and one is committed just then; it is killed before it has removed anything
      const killed = largeAppends(
        {
          ...access,
          async queryAll(query) {
            const found = await access.queryAll(query);
            await access.commit([quick.ending]);
            return found;
          },
          deleteAll: () => Promise.reject(new Error('killed')),
        },
        clock,
      );
      await expect(killed.removeOld()).rejects.toThrow('killed');
      expect((await access.commit([slow.ending]))?.has(slow.ending)).toBe(true);
      expect([await left('slow'), await left('quick')]).toEqual(['lines', 'lines']);
      await appends.removeOld();
      expect([await left('slow'), await left('quick')]).toEqual([undefined, 'lines']);
    });

    it('open a long journal by its summary, and find the lines of a grant by it', async () => {
      for (let number = 0; number < 110; number += 1) await here.grants.append([line(`g${number % 10}`, `${number}`)]);
      const all = await allLines(here.grants);
      watch.calm();
      const state = await there.grants.state();
      expect(watch.requests()).toEqual({ GetItem: 1, Query: 2 });
      expect(state).toEqual(
        foldLines(
          emptyGrants(),
          all.map((stored) => stored.line),
        ),
      );
      watch.calm();
      expect(await there.grants.state()).toBe(state);
      expect(watch.requests()).toEqual({ Query: 1 });
      const ofGrant = all.filter((stored) => grantsOf(stored.line).includes('g3'));
      watch.calm();
      expect(await there.grants.lines({ grant: 'g3', limit: 99 })).toEqual(ofGrant);
      expect(watch.requests()).toEqual({ GetItem: 1, Query: 2, BatchGetItem: 1 });
      const [, second, third, ...later] = ofGrant;
      expect(await there.grants.lines({ grant: 'g3', after: second!.seq, limit: 1 })).toEqual([third]);
      expect(await there.grants.lines({ grant: 'g3', after: third!.seq, limit: 99 })).toEqual(later);

      // where the summary is not whole, the journal says the same
      const asked = {
        TableName: table.tableName,
        KeyConditionExpression: 'pk = :summary AND sk < :pointer',
        ConsistentRead: true,
      };
      const ExpressionAttributeValues = { ':summary': { S: 'JS' }, ':pointer': { S: 'at' } };
      const { Items = [] } = await bed.dynamo.send(new QueryCommand({ ...asked, ExpressionAttributeValues }));
      expect(Items).toHaveLength(1);
      const { pk, sk } = Items[0]!;
      await bed.dynamo.send(new DeleteItemCommand({ TableName: table.tableName, Key: { pk: pk!, sk: sk! } }));
      expect(await table.open().grants.state()).toEqual(state);
    });

    it('keep one summary, whoever makes one at the same moment', async () => {
      const tooLarge = (what: string) => new TransshipError('internal', what);
      const access = tableAccess({ dynamo: bed.dynamo, tableName: table.tableName, random: () => 0, tooLarge });
      const renewAt = (to: number) => {
        const all = [{ number: to, lines: [line('g', `${to}`)] }];
        const journal: Commits = {
          last: async () => to,
          async *after() {
            yield* all;
          },
          all: async () => all,
        };
        return summaries(access, journal).renew(to);
      };
      const kept = async () => {
        const ExpressionAttributeValues = { ':summary': { S: SUMMARY } };
        const asked = { KeyConditionExpression: 'pk = :summary', ExpressionAttributeValues, ConsistentRead: true };
        return (await access.queryAll(asked)).map(({ sk }) => Number.parseInt(sk?.S ?? '', 10));
      };
      await renewAt(100);
      expect(await kept()).toEqual([100, NaN]);
      await renewAt(200);
      expect(await kept()).toEqual([200, NaN]);
      await Promise.all([renewAt(300), renewAt(300)]);
      expect(await kept()).toEqual([300, NaN]);
    });

    it('revoke a token once, and add none with the id or the text of another', async () => {
      const token = { id: 'one', name: 'ci', scopes: ['read'] as const, createdAt: clock.now() };
      await here.apiTokens.add(token, 'aa');
      await expect(there.apiTokens.add(token, 'bb')).rejects.toMatchObject({ code: 'internal' });
      await expect(there.apiTokens.add({ ...token, id: 'two' }, 'aa')).rejects.toMatchObject({ code: 'internal' });
      expect(await there.apiTokens.findByHash('bb')).toBeUndefined();
      const revoked = await Promise.all([here, there, here].map(({ apiTokens }) => apiTokens.revoke('one')));
      expect(revoked.filter(Boolean)).toHaveLength(1);
      expect(await there.apiTokens.findByHash('aa')).toBeUndefined();
    });

    it('name the jobs of a push that were accepted after it was recorded', async () => {
      await record('p1', ['k', 'other']);
      expect(await there.pushes.get('p1')).toMatchObject({ jobIds: [], isRepeated: false });
      await clock.advance(5);
      const id = await accept('k');
      expect(await there.pushes.get('p1')).toMatchObject({ jobIds: [id], isRepeated: false });
    });

    it('record a push that asks for more jobs than an item can name', async () => {
      const keys = Array.from({ length: 450 }, (_, index) => `${index}`.padStart(1000, 'k'));
      const first = await accept(keys[0]!);
      await record('p1', keys);
      expect(await there.pushes.get('p1')).toMatchObject({ jobIds: [first] });
    });

    it('keep the job of a repeated push when it is removed, and never name a later one of its key', async () => {
      const first = await accept('k');
      const [claimed] = await jobs.claim('mirror', 1, 1000);
      await jobs.complete(claimed!.lease);
      await record('first', ['k']);
      await record('early', ['late']);
      await clock.advance(7_200_000);
      await record('again', ['k']);
      expect(await jobs.purge(clock.now(), 9)).toBe(1);
      await accept('k');
      await accept('late');
      expect(await there.pushes.get('again')).toMatchObject({ jobIds: [first], isRepeated: true });
      expect(await there.pushes.get('first')).toMatchObject({ jobIds: [first], isRepeated: false });
      expect(await there.pushes.get('early')).toMatchObject({ jobIds: [], isRepeated: false });
    });

    it('find the repositories of a rule without reading all their tags', async () => {
      const written = (repository: string, tag: string) => ({
        registry: 'r.example',
        repository,
        tag,
        digest: 'sha256:aa',
        rule: 'app',
        source: `docker.io/team/app:${tag}`,
        writtenAt: clock.now(),
      });
      const many = Array.from({ length: 210 }, (_, index) => written('many', `${index}`));
      await here.journal.wrote([...many, written('one', '1.0')]);
      watch.calm();
      expect((await there.journal.repositoriesOf('app')).map(({ repository }) => repository)).toEqual(['many', 'one']);
      expect(watch.requests()).toEqual({ Query: 2 });
    });

    it('cost few requests', async () => {
      const spent = async (operation: () => Promise<unknown>): Promise<Record<string, number>> => {
        watch.calm();
        await operation();
        return watch.requests();
      };
      expect(await spent(() => record('p1', ['k']))).toEqual({ BatchGetItem: 1, BatchWriteItem: 1 });
      expect(await spent(() => here.pushes.list({}, 9))).toEqual({ Query: 4, BatchGetItem: 2 });
      expect(await spent(() => here.pushes.list({ receiverId: 'r', relevant: true }, 9))).toEqual({ Query: 2 });
      expect(await spent(() => here.apiTokens.findByHash('aa'))).toEqual({ GetItem: 1 });
      expect(await spent(() => here.grants.append([line('g', 'first')]))).toEqual({ Query: 1, PutItem: 1 });
      expect(await spent(() => here.grants.append([line('g', 'next')]))).toEqual({ PutItem: 1 });
      expect(await spent(() => here.grants.hold('t', 'one', 1))).toEqual({ PutItem: 1 });
      expect(await spent(() => here.grants.release('t', 'one'))).toEqual({ DeleteItem: 1 });
    });
  });
});
