// The history of a job as a stream: what is there, then what comes, until the job has ended.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
import * as z from 'zod';
import { JOB_EVENT_TYPES, type Job, type JobEvent } from '../../shared/jobs/job.ts';
import type { ApiDeps } from './api-deps.ts';
import { assertScope } from './authenticate.ts';
import { OWNER, type Identity } from './identity.ts';
import { jobParams, visibleJob } from './jobs.ts';
import { Refusal, retryAfter } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const BATCH = 100;
const POLL_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** After that the client connects again and proves anew who it is. */
const LONGEST_MS = 30 * 60_000;
const MOST_STREAMS = 200;
/** Of one token; who owns the data folder has no such limit. */
const MOST_OF_ONE = 20;
const RECONNECT_MS = 2000;

const eventSchema = z.object({
  id: z.string().optional().describe('the sequence number'),
  event: z.enum(JOB_EVENT_TYPES),
  data: z.string().describe('JSON with `at`, the time, and `data`, what there is to say about it'),
});

export function addJobEvents(api: Api, deps: ApiDeps): void {
  const streams = streamCounts();

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/jobs/{id}/events',
      access: 'read',
      tag: 'jobs',
      summary: 'Follow a job',
      description:
        'Server-sent events. The stream ends when the job has ended; a client that comes back for more after that gets 204. A host that can keep no answer open ends it after what there is: whoever comes again gets the rest.',
      params: jobParams,
      headers: z.object({
        'last-event-id': z
          .string()
          .regex(/^\d{0,15}$/, { error: 'it is the id of an event' })
          .optional()
          .describe('only what came after that event'),
      }),
      answers: {
        200: { description: 'The stream, by its events', schema: eventSchema, type: 'text/event-stream' },
        204: { description: 'The job has ended and there is nothing more' },
      },
      errors: [404],
    },
    async ({ params: { id }, headers, identity, context }) => {
      const after = Number(headers['last-event-id'] ?? 0);
      const job = await visibleJob(id, identity, deps);
      if (hasEnded(job) && after > 0 && (await deps.jobs.log(id, after, 1)).length === 0)
        return new Response(null, { status: 204 });
      if (context.req.raw.method === 'HEAD') return new Response(null, { headers: STREAM });
      const onEnd = streams.begin(identity);
      const { req, env } = context;
      const authorization = req.header('authorization');
      const stillMay = async (): Promise<void> => {
        const now = await api.authenticate(authorization, env?.peer);
        assertScope(now, 'read');
        await visibleJob(id, now, deps);
      };
      return new Response(historyOf({ id, after, stillMay, onEnd }, deps), { headers: STREAM });
    },
  );
}

const STREAM = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } as const;

type History = {
  id: string;
  after: number;
  /** Rejects when the client may no longer see the job. */
  stillMay: () => Promise<void>;
  onEnd: () => void;
};

/** The stream ends with the job, after a while (at once on some hosts), when the client goes or may no longer see it, and with the server. */
function historyOf({ id, after, stillMay, onEnd }: History, deps: ApiDeps): ReadableStream<Uint8Array> {
  const { jobs, clock, stopping, endsStreams } = deps;
  const encoder = new TextEncoder();
  const news = createBell(id, deps);
  // by the clock and by a timer, of which one stops while a machine sleeps, and the other does not need a client that reads
  const endsAt = clock.now().getTime() + LONGEST_MS;
  let checkAt = clock.now().getTime() + HEARTBEAT_MS;
  let last = after;
  let isFirst = true;
  let isAsked = false;

  const over = new AbortController();
  const end = (): void => over.abort();
  const callOff = clock.after(LONGEST_MS, end);
  stopping?.addEventListener('abort', end, { once: true });
  over.signal.addEventListener('abort', () => {
    callOff();
    stopping?.removeEventListener('abort', end);
    news.close();
    onEnd();
  });

  if (stopping?.aborted) end();

  /** The next piece; undefined when there is no more. Silence gives a comment, so that nobody in between gives up. */
  const next = async (): Promise<string | undefined> => {
    const quietAt = clock.now().getTime() + HEARTBEAT_MS;
    while (!over.signal.aborted) {
      const nowMs = clock.now().getTime();
      if (nowMs >= endsAt) return undefined;
      if (nowMs >= checkAt) {
        checkAt = nowMs + HEARTBEAT_MS;
        if (!(await stillMay().then(yes, no))) return undefined;
      }
      // the state first: an end that comes later has its event later
      const job = await jobs.get(id);
      const events = await jobs.log(id, last, BATCH);
      last = events.at(-1)?.sequence ?? last;
      if (events.length > 0) return events.map(textOf).join('');
      if (job === undefined || hasEnded(job) || endsStreams === true) return undefined;
      if (clock.now().getTime() >= quietAt) return ': still here\n\n';
      await news.wait();
    }
    return undefined;
  };

  return new ReadableStream({
    start(controller) {
      // who does not read what there is would hold its place for ever
      over.signal.addEventListener('abort', () => {
        if (!isAsked) controller.error(new Error('the client does not read'));
      });
    },
    async pull(controller) {
      if (isFirst) {
        isFirst = false;
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n\n`));
        return;
      }
      isAsked = true;
      try {
        const text = await next();
        if (text !== undefined) return controller.enqueue(encoder.encode(text));
        end();
        controller.close();
      } catch (error) {
        end();
        throw error;
      } finally {
        isAsked = false;
      }
    },
    cancel() {
      isAsked = true;
      end();
    },
  });
}

const yes = (): boolean => true;
const no = (): boolean => false;

/** Counts the open streams, and of whom they are. */
function streamCounts(): { begin: (identity: Identity) => () => void } {
  const ofEach = new Map<string, number>();
  let all = 0;
  return {
    begin({ name }) {
      const own = ofEach.get(name) ?? 0;
      if (all >= MOST_STREAMS) throw tooManyStreams(`${MOST_STREAMS} streams are open already`);
      if (own >= MOST_OF_ONE && name !== OWNER.name)
        throw tooManyStreams(`${MOST_OF_ONE} streams of this token are open already`);
      all += 1;
      ofEach.set(name, own + 1);
      return () => {
        all -= 1;
        const left = (ofEach.get(name) ?? 1) - 1;
        if (left > 0) ofEach.set(name, left);
        else ofEach.delete(name);
      };
    },
  };
}

function textOf({ sequence, type, at, data }: JobEvent): string {
  return `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify({ at: at.toISOString(), data })}\n\n`;
}

function hasEnded({ state }: Job): boolean {
  return state !== 'READY' && state !== 'LEASED';
}

type Bell = { /** Until the job changes, a while at most. */ wait(): Promise<void>; close(): void };

function createBell(id: string, { clock, onJobChange }: ApiDeps): Bell {
  let wake = (): void => undefined;
  // progress is no change of the job, so that it is looked for in any case
  const stop = onJobChange?.(({ jobId }) => jobId === id && wake());
  return {
    wait: () =>
      new Promise((resolve) => {
        const callOff = clock.after(POLL_MS, resolve);
        wake = () => {
          callOff();
          resolve();
        };
      }),
    close() {
      stop?.();
      wake();
    },
  };
}

function tooManyStreams(detail: string): Refusal {
  return new Refusal({
    status: 503,
    code: 'unavailable',
    detail,
    headers: retryAfter(RECONNECT_MS),
  });
}
