// Makes the handler of a function that API Gateway calls, of an application that knows only requests and answers. Whatever goes wrong,
// there is an answer in time, and it tells nothing of what is inside.
//
//   request ─▶ configuration ─▶ application ─▶ answer
//                 │ 503            │ signal: four seconds are left
//                 └────────────────┴─▶ 504 one second before the end
//
import type { ApiBindings } from '../../../../functions/http-api/api-deps.ts';
import { problemResponse, retryAfter, type Problem } from '../../../../functions/http-api/problem.ts';
import type { AwsHost, Invocation } from '../aws-host.ts';
import { readRequest, type HttpEvent } from './read-request.ts';
import { writeAnswer, type HttpAnswer } from './write-answer.ts';

type Application = { fetch: (request: Request, bindings: ApiBindings) => Response | Promise<Response> };

/** What waits for a registry or a cluster is called off then, and has until the next one to say so. */
const CALL_OFF_MS = 4000;
const ANSWER_MS = 1000;
/** Lambda takes answers of up to 6 MB, as JSON. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MOST_BYTES = 5_900_000;
const RETRY_AFTER_MS = 10_000;

export function httpHandler<Given>(
  host: Pick<AwsHost<Given>, 'invoke' | 'logger'>,
  app: Application,
): (event: HttpEvent, invocation: Invocation) => Promise<HttpAnswer> {
  async function answerFor(event: HttpEvent, late: AbortSignal): Promise<HttpAnswer> {
    // who is at the other end, API Gateway says; what a client writes about that is not believed
    const peer = { address: event.requestContext.http.sourceIp, isOwner: false };
    return writeAnswer(await app.fetch(readRequest(event, late), { peer }));
  }

  /** @param isOver whether somebody has answered meanwhile: then nothing is begun any more */
  async function serve(
    event: HttpEvent,
    invocation: Invocation,
    late: AbortSignal,
    isOver: () => boolean,
  ): Promise<HttpAnswer> {
    const begin = () => (isOver() ? writeAnswer(problemResponse(LATE)) : answerFor(event, late).catch(failed));
    try {
      return await host.invoke(invocation, async () => sendable(await begin()));
    } catch {
      // why there is no configuration, its keeper has said
      return writeAnswer(problemResponse(UNREADY));
    }
  }

  return async (event, invocation) => {
    const late = new AbortController();
    const leftMs = (reserveMs: number) => Math.max(0, invocation.getRemainingTimeInMillis() - reserveMs);
    const { promise: overdue, resolve } = Promise.withResolvers<HttpAnswer>();
    let isOver = false;
    const end = (): void => {
      isOver = true;
      resolve(writeAnswer(problemResponse(LATE)));
    };
    const timers = [setTimeout(() => late.abort(), leftMs(CALL_OFF_MS)), setTimeout(end, leftMs(ANSWER_MS))];
    try {
      // a configuration that does not come goes on with the next request; a process that was killed would begin anew
      return await Promise.race([serve(event, invocation, late.signal, () => isOver), overdue]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  };

  /** A request that is none, or an answer that broke off: the application tells its own failures itself. */
  function failed(error: unknown): Promise<HttpAnswer> {
    host.logger.error('a request failed', { err: error });
    return writeAnswer(problemResponse(FAILED));
  }

  async function sendable(answer: HttpAnswer): Promise<HttpAnswer> {
    if (Buffer.byteLength(JSON.stringify(answer)) <= MOST_BYTES) return answer;
    host.logger.error('an answer is larger than a function can give', { status: answer.statusCode });
    return writeAnswer(problemResponse(TOO_LARGE));
  }
}

const UNREADY: Problem = {
  status: 503,
  code: 'unavailable',
  detail: 'the server has no configuration that it can work with',
  hint: 'look into the log of the function',
  headers: retryAfter(RETRY_AFTER_MS),
};

const FAILED: Problem = { status: 500, code: 'internal', detail: 'the server failed at this request' };

const LATE: Problem = {
  status: 504,
  code: 'timeout',
  detail: 'there is no answer within the time that a request has here',
  hint: 'ask for it as a job, or for less at once',
};

const TOO_LARGE: Problem = {
  status: 500,
  code: 'internal',
  detail: 'the answer is larger than this host can give',
  hint: 'ask for less: limit, or a filter',
};
