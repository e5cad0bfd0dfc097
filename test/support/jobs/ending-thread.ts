// A thread that opens as that of a store does, and ends at the first question.
import { parentPort } from 'node:worker_threads';

parentPort?.postMessage({ isOpen: true, replies: [], changes: [] }, []);
parentPort?.once('message', () => {
  throw new Error('out of order');
});
