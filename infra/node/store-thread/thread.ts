// The thread of the store, started by its address.
import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteStore } from '../sqlite-store.ts';
import { answerCalls } from './answer-calls.ts';

const { dataDir }: { dataDir: string } = workerData;
if (parentPort !== null) {
  answerCalls(parentPort, (onChange) => openSqliteStore({ dataDir, onChange }));
}
