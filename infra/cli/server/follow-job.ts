// The history of a job as it goes on: server-sent events, taken up again where a connection ended before the job.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { isTransshipError } from '../../../shared/errors.ts';
import { problemOf, readText, type Caller } from './call-api.ts';

export type HistoryLine = {
  sequence: number;
  type: string;
  at: string;
  data: unknown;
};

const line = z.object({ at: z.string(), data: z.unknown() });

/** So often in a row a connection may end without an event. */
const MOST_TRIES = 5;
/** Before the next try; twice as long before each further one, and up to twice that so that not all come at once. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 8000;

/** Ends with the job. @throws TransshipError not-found, connection-failed, and what else the server says is wrong */
export async function* followJob(caller: Caller, id: string, firstWaitMs = FIRST_WAIT_MS): AsyncGenerator<HistoryLine> {
  let last = 0;
  let tries = 0;
  for (;;) {
    let isBroken = false;
    try {
      const { status, body } = await caller.wire.send(
        {
          method: 'GET',
          path: `/v1/jobs/${encodeURIComponent(id)}/events`,
          headers: { accept: 'text/event-stream', 'last-event-id': String(last) },
        },
        caller.signal,
      );
      if (status === 204) return;
      if (status !== 200) throw problemOf(status, await readText(body), caller.wire);
      for await (const one of readEvents(body)) {
        tries = 0;
        last = one.sequence;
        yield one;
      }
    } catch (error) {
      caller.signal.throwIfAborted();
      // Refused is refused; a connection that broke is tried again, from where it was.
      if (tries >= MOST_TRIES || last === 0 || (isTransshipError(error) && error.code !== 'connection-failed'))
        throw error;
      isBroken = true;
    }
    tries += 1;
    if (tries > MOST_TRIES) return;
    // a stream that has told something and ended is over, most of the time: the next answer says so
    if (tries === 1 && !isBroken) continue;
    const waitMs = Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** (tries - 1)) * (1 + Math.random());
    await sleep(waitMs, undefined, { signal: caller.signal }).catch(() => caller.signal.throwIfAborted());
  }
}

async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<HistoryLine> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = readEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

/** Undefined for comments and settings. */
function readEvent(block: string): HistoryLine | undefined {
  const fields = new Map<string, string>();
  for (const text of block.split('\n')) {
    const colon = text.indexOf(':');
    if (colon > 0) fields.set(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ''));
  }
  const [sequence, type, data] = [Number(fields.get('id')), fields.get('event'), fields.get('data')];
  if (type === undefined || data === undefined || !Number.isSafeInteger(sequence)) return undefined;
  return { sequence, type, ...line.parse(JSON.parse(data)) };
}
