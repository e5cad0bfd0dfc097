// The store on its own thread, as the server opens it: durable, told of changes, and what is left of it when the thread ends.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { answerCalls } from '../../../infra/node/store-thread/answer-calls.ts';
import { remoteStore } from '../../../infra/node/store-thread/remote-store.ts';
import { openThreadedStore } from '../../../infra/node/threaded-store.ts';
import type { JobChange } from '../../../shared/jobs/job-store.ts';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'transship-thread-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

it('keeps what it has acknowledged, and tells of it', async () => {
  const changes: JobChange[] = [];
  const store = await openThreadedStore({ dataDir, onChange: (change) => void changes.push(change) });
  const { id } = await store.jobs.accept({ kind: 'mirror', payload: { at: 1 } }, 'key');
  await expect(store.jobs.get(id)).resolves.toMatchObject({ id, payload: { at: 1 }, acceptedAt: expect.any(Date) });
  expect(changes).toEqual([{ jobId: id, kind: 'mirror', state: 'READY', outbox: false }]);
  await expect(store.unreadyReason()).resolves.toBeUndefined();
  await store.close();

  const again = await openSqliteStore({ dataDir });
  expect(await again.jobs.accept({ kind: 'mirror', payload: null }, 'key')).toEqual({ id, isNew: false });
  await again.close();
});

it('gives errors of the store as they are', async () => {
  const store = await openThreadedStore({ dataDir, onChange: () => {} });
  await expect(store.jobs.cancel('nobody')).rejects.toMatchObject({ name: 'TransshipError', code: 'not-found' });
  await expect(openThreadedStore({ dataDir, onChange: () => {} })).rejects.toMatchObject({ code: 'store-locked' });
  await store.close();
  await expect(store.jobs.counts()).rejects.toMatchObject({ message: 'the job store is closed' });
});

it('refuses everything, and says so, once its thread has ended', async () => {
  // ends the thread from inside: nothing else can
  const store = await openThreadedStore({
    dataDir,
    onChange: () => {},
    thread: new URL('../../support/jobs/ending-thread.ts', import.meta.url),
  });
  await expect(store.jobs.counts()).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(store.brokenReason()).toBe('the thread of the job store has ended');
  await expect(store.unreadyReason()).resolves.toBe('the thread of the job store has ended');
});

it('knows why nothing can be written any more, without asking a thread that may wait for its disk', async () => {
  const { port1, port2 } = new MessageChannel();
  const inside = await openSqliteStore({ dataDir });
  const trouble: { reason?: string } = {};
  answerCalls(port1, async () => ({ ...inside, brokenReason: () => trouble.reason }));
  const { store, opened } = remoteStore(port2, () => {});
  await opened;
  expect(store.brokenReason()).toBeUndefined();
  trouble.reason = 'the file of the job store is damaged';
  await store.jobs.counts();
  expect(store.brokenReason()).toBe('the file of the job store is damaged');
  port2.close();
  await inside.close();
});

it('lets the thread begin while a turn that asks for much goes on, and keeps together what is asked in one go', async () => {
  const { port1, port2 } = new MessageChannel();
  const { store } = remoteStore(port2, () => {});
  const ask = (times: number): void => {
    for (let time = 0; time < times; time += 1) void store.jobs.counts();
  };
  ask(3);
  await sameTurn();
  expect(receiveMessageOnPort(port1)).toBeUndefined();
  ask(40);
  expect(receiveMessageOnPort(port1)).toBeUndefined();
  await sameTurn();
  expect(receiveMessageOnPort(port1)?.message).toHaveLength(43);
  ask(2);
  await setImmediate();
  expect(receiveMessageOnPort(port1)?.message).toHaveLength(2);
  port2.close();
});

/** What was put off to the end of what runs now is done then; the turn of the event loop goes on. */
function sameTurn(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
