// The server's side of the thread: the ports of the store as functions that send their calls there.
import type { MessagePort, Worker } from 'node:worker_threads';
import type { ApiTokenStore } from '../../../functions/http-api/api-token.ts';
import type { TransshipError } from '../../../shared/errors.ts';
import type { PushLog } from '../../../shared/events/push-log.ts';
import type { GrantStore } from '../../../shared/grants/grant-store.ts';
import type { JobChange, JobStore } from '../../../shared/jobs/job-store.ts';
import type { TagJournal } from '../../../shared/mirror/tag-journal.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { assertSendable, receivedError, type Call, type FromThread } from './calls.ts';

/** As the store itself, but it is asked whether it takes work: only its own thread knows. */
export type RemoteStore = Omit<SqliteStore, 'unreadyReason'> & { unreadyReason: () => Promise<string | undefined> };

export type RemoteEnd = {
  store: RemoteStore;
  /** Resolves when the store is open. @throws TransshipError store-locked, store-unavailable */
  opened: Promise<void>;
  /** The thread is gone: what waits fails, and whatever is asked from now on. */
  lost: (error: TransshipError) => void;
};

type Waiting = { resolve: (value: unknown) => void; reject: (error: TransshipError) => void };

const JOBS: Record<keyof JobStore, true> = {
  accept: true,
  claim: true,
  heartbeat: true,
  checkpoint: true,
  progress: true,
  yield: true,
  complete: true,
  retry: true,
  bury: true,
  cancel: true,
  redrive: true,
  sweep: true,
  purge: true,
  get: true,
  list: true,
  log: true,
  counts: true,
  schedule: true,
  unschedule: true,
  schedules: true,
  due: true,
  fire: true,
  outbox: true,
  delivered: true,
  postpone: true,
};
const PUSHES: Record<keyof PushLog, true> = { record: true, get: true, list: true, purge: true };
const JOURNAL: Record<keyof TagJournal, true> = {
  wrote: true,
  find: true,
  written: true,
  repositoriesOf: true,
  forget: true,
};
const API_TOKENS: Record<keyof ApiTokenStore, true> = { add: true, findByHash: true, list: true, revoke: true };
const GRANTS: Record<keyof GrantStore, true> = {
  append: true,
  state: true,
  lines: true,
  last: true,
  hold: true,
  release: true,
};

/** So many calls are worth a message of their own before the turn ends: a turn may be long, and the thread would wait for its end. */
const ENOUGH_CALLS = 16;

/** @param onChange called for every change that was committed, after whoever waited for it was told */
export function remoteStore(thread: MessagePort | Worker, onChange: (change: JobChange) => void): RemoteEnd {
  const waiting = new Map<number, Waiting>();
  const { promise: opened, resolve: open, reject: failOpening } = Promise.withResolvers<void>();
  let outgoing: Call[] = [];
  let calls = 0;
  let gone: TransshipError | undefined;
  let broken: string | undefined;

  function send(): void {
    if (outgoing.length === 0) return;
    thread.postMessage(outgoing, []);
    outgoing = [];
  }

  async function call(port: string, method: string, args: readonly unknown[]) {
    if (gone !== undefined) throw gone;
    assertSendable(args);
    calls += 1;
    outgoing.push({ id: calls, port, method, args });
    if (outgoing.length === 1) setImmediate(send);
    // after what is asked in one go, which is to share a transaction
    if (outgoing.length === ENOUGH_CALLS) process.nextTick(send);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(calls, { resolve, reject });
    return promise;
  }

  /** The methods of a port; what they are given and give is what its type says. */
  function portOf(name: string, methods: object) {
    const entries: readonly unknown[][] = Object.keys(methods).map((method) => [
      method,
      (...args: readonly unknown[]) => call(name, method, args),
    ]);
    return Object.fromEntries(entries);
  }

  function lost(error: TransshipError): void {
    gone ??= error;
    failOpening(gone);
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  }

  thread.on('message', ({ isOpen, replies, changes, failure, ...told }: FromThread) => {
    broken = told.broken;
    if (isOpen) open();
    if (failure !== undefined) lost(receivedError(failure));
    for (const reply of replies) {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ('error' in reply) asked?.reject(receivedError(reply.error));
      else asked?.resolve(reply.value);
    }
    for (const change of changes) onChange(change);
  });

  const whole = portOf('', { oldestDue: true, unreadyReason: true, close: true });
  const store: RemoteStore = {
    jobs: portOf('jobs', JOBS),
    pushes: portOf('pushes', PUSHES),
    journal: portOf('journal', JOURNAL),
    apiTokens: portOf('apiTokens', API_TOKENS),
    grants: portOf('grants', GRANTS),
    oldestDue: whole.oldestDue,
    close: whole.close,
    unreadyReason: async () => gone?.message ?? whole.unreadyReason(),
    brokenReason: () => gone?.message ?? broken,
  };
  return { store, opened, lost };
}
