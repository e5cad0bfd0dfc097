// The history of a job as a stream: what is there, then what comes, until the job has ended.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
import * as z from 'zod';
import { JOB_EVENT_TYPES, type Job, type JobEvent } from '../../shared/jobs/job.ts';
import type { ApiDeps } from './api-deps.ts';
import { jobParams, visibleJob } from './jobs.ts';
import { Refusal, retryAfter } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const BATCH = 100;
const POLL_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** After that the client connects again and proves anew who it is. */
const LONGEST_MS = 30 * 60_000;
const MOST_STREAMS = 200;
const RECONNECT_MS = 2000;

const eventSchema = z.object({
  id: z.string().optional().describe('the sequence number'),
  event: z.enum(JOB_EVENT_TYPES),
  data: z.string().describe('JSON with `at`, the time, and `data`, what there is to say about it'),
});

export function addJobEvents(api: Api, deps: ApiDeps): void {
  let streams = 0;

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
        'Server-sent events. The stream ends when the job has ended; a client that comes back for more after that gets 204.',
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
      if (streams >= MOST_STREAMS) throw tooManyStreams();
      streams += 1;
      return new Response(
        historyOf(id, after, deps, () => void (streams -= 1)),
        { headers: STREAM },
      );
    },
  );
}

const STREAM = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } as const;

/** The stream ends with the job, after a while, or when the client goes. */
function historyOf(id: string, after: number, deps: ApiDeps, onEnd: () => void): ReadableStream<Uint8Array> {
  const { jobs, clock } = deps;
  const encoder = new TextEncoder();
  const news = createBell(id, deps);
  const endsAt = clock.now().getTime() + LONGEST_MS;
  let last = after;
  let isFirst = true;

  const over = new AbortController();
  over.signal.addEventListener('abort', () => {
    news.close();
    onEnd();
  });

  /** The next piece; undefined when there is no more. Silence gives a comment, so that nobody in between gives up. */
  const next = async (): Promise<string | undefined> => {
    const quietAt = clock.now().getTime() + HEARTBEAT_MS;
    while (!over.signal.aborted && clock.now().getTime() < endsAt) {
      // the state first: an end that comes later has its event later
      const job = await jobs.get(id);
      const events = await jobs.log(id, last, BATCH);
      last = events.at(-1)?.sequence ?? last;
      if (events.length > 0) return events.map(textOf).join('');
      if (job === undefined || hasEnded(job)) return undefined;
      if (clock.now().getTime() >= quietAt) return ': still here\n\n';
      await news.wait();
    }
    return undefined;
  };

  return new ReadableStream({
    async pull(controller) {
      if (isFirst) {
        isFirst = false;
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n\n`));
        return;
      }
      try {
        const text = await next();
        if (text !== undefined) return controller.enqueue(encoder.encode(text));
        over.abort();
        controller.close();
      } catch (error) {
        over.abort();
        throw error;
      }
    },
    cancel: () => over.abort(),
  });
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

function tooManyStreams(): Refusal {
  return new Refusal({
    status: 503,
    code: 'unavailable',
    detail: `${MOST_STREAMS} streams are open already`,
    headers: retryAfter(RECONNECT_MS),
  });
}
