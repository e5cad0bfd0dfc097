// The store's side of the thread: does what it is asked, in the order in which it is asked, so that what comes in one message shares a
// transaction; and answers what became durable together in one message.
import type { MessagePort } from 'node:worker_threads';
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { sentError, type Call, type FromThread, type Reply } from './calls.ts';

/** Opens the store; `changed` is to be told of every change that was committed. */
type Open = (changed: (change: JobChange) => void) => Promise<SqliteStore>;

/** @param open called at once; what is asked before it is done waits */
export function answerCalls(port: MessagePort, open: Open): void {
  let outgoing: { replies: Reply[]; changes: JobChange[] } = { replies: [], changes: [] };
  let opened: SqliteStore | undefined;
  let isSending = false;

  /** In the next turn: a commit settles many promises in this one. */
  function send(): void {
    if (isSending) return;
    isSending = true;
    setImmediate(() => {
      isSending = false;
      const isOpen = opened !== undefined;
      port.postMessage({ ...outgoing, isOpen, broken: opened?.brokenReason() } satisfies FromThread, []);
      outgoing = { replies: [], changes: [] };
    });
  }

  async function answer(store: SqliteStore, call: Call): Promise<void> {
    const reply = await replyTo(store, call);
    outgoing.replies.push(reply);
    send();
  }

  function changed(change: JobChange): void {
    outgoing.changes.push(change);
    send();
  }

  async function begin(): Promise<void> {
    try {
      const store = await open(changed);
      opened = store;
      port.on('message', (calls: readonly Call[]) => {
        for (const call of calls) void answer(store, call);
      });
      send();
    } catch (error) {
      port.postMessage({ ...outgoing, isOpen: false, failure: sentError(error) } satisfies FromThread, []);
      port.close();
    }
  }

  void begin();
}

async function replyTo(store: SqliteStore, { id, port, method, args }: Call): Promise<Reply> {
  try {
    const owner: unknown = port === '' ? store : Reflect.get(store, port);
    const work: unknown = typeof owner === 'object' && owner !== null ? Reflect.get(owner, method) : undefined;
    if (typeof work !== 'function') throw new TypeError(`the store has no ${port} ${method}`);
    return { id, value: await Reflect.apply(work, owner, args) };
  } catch (error) {
    return { id, error: sentError(error) };
  }
}
