// The SQLite store behind the messages of its thread, under the contract suites: on a channel in this thread, so that a test can move
// its clock. What passes is copied as between threads.
import { MessageChannel } from 'node:worker_threads';
import { answerCalls } from '../../../infra/node/store-thread/answer-calls.ts';
import { remoteStore } from '../../../infra/node/store-thread/remote-store.ts';
import type { SqliteStore } from '../../../infra/node/sqlite-store.ts';
import { sqliteSubject } from './sqlite-subject.ts';
import type { OpenedStore, StoreSubject } from './store-subject.ts';

export const threadedSubject: StoreSubject = {
  ...sqliteSubject,
  name: 'SQLite behind messages',
  open: async (clock) => behindMessages(await sqliteSubject.open(clock)),
};

async function behindMessages(inside: OpenedStore): Promise<OpenedStore> {
  const { port1, port2 } = new MessageChannel();
  const { store: jobs, pushes, journal, apiTokens, grants } = inside;
  const whole = {
    jobs,
    pushes,
    journal,
    apiTokens,
    grants,
    brokenReason: () => undefined,
  } as Partial<SqliteStore> as SqliteStore;
  answerCalls(port1, async () => whole);
  const { store, opened } = remoteStore(port2, () => {});
  await opened;
  return {
    store: store.jobs,
    pushes: store.pushes,
    journal: store.journal,
    apiTokens: store.apiTokens,
    grants: store.grants,
    async crash() {
      port2.close();
      return behindMessages(await inside.crash());
    },
    async remove() {
      port2.close();
      await inside.remove();
    },
  };
}
