// The routes of receivers: registries push their notifications here. Size, type and credential are checked before a byte is parsed,
// and what asks for a job is durable before the answer. Lean on purpose: a registry sends them by the thousand.
// A notification is refused with 401 in the same way for whatever is wrong with it, also where there is no such receiver.
import type { Context } from 'hono';
import * as z from 'zod';
import { answerFailure, answerOptions, answerPush, type PushAnswer } from '../../shared/events/answer.ts';
import { acceptsContent } from '../../shared/events/content-type.ts';
import { isReceiverKind, PUSH_SOURCES, readPush } from '../../shared/events/index.ts';
import type { ReceiverKind } from '../../shared/events/push-event.ts';
import { createSigningKeys } from '../../shared/events/signing-keys.ts';
import { acceptPushes } from '../registry-push.ts';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { withAuthenticBody } from './authentic-body.ts';
import { responsesOf } from './describe-route.ts';
import { problemResponse, Refusal } from './problem.ts';
import { mount, type Api } from './route.ts';

const PATHS = ['/hooks/{kind}/{receiver}', '/hooks/{kind}/{receiver}/{token}'] as const;

/** What a sender of handshakes is told it may send a minute; nothing here counts. */
const RATE_PER_MINUTE = 6000;

const JSON_TYPES = [
  'application/json',
  'application/vnd.docker.distribution.events.v1+json',
  'application/vnd.docker.distribution.events.v2+json',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
];

export type ReceiverDeps = Pick<
  ApiDeps,
  'clock' | 'config' | 'fetchJson' | 'jobs' | 'logger' | 'metrics' | 'pushes' | 'receivers'
>;

export function addReceivers(api: Api, deps: ReceiverDeps): void {
  const keys = createSigningKeys(deps.fetchJson, () => deps.clock.now().getTime());

  const receive = async (context: Context<ApiEnv>, kind: ReceiverKind): Promise<Answer> => {
    const { req } = context;
    const source = PUSH_SOURCES[kind];
    const { receiver: id = '', token } = req.param();
    const headers = req.header();
    if (Number(headers['content-length'] ?? 0) > source.maxBodyBytes) return { status: 413 };
    if (!acceptsContent(source, headers)) return { status: 415 };
    const receiver = deps.receivers().find(kind, id, token);
    const answer = await withAuthenticBody(
      { request: req.raw, headers, budget: api.bodies },
      source,
      receiver,
      {
        overHttp: true,
        now: () => deps.clock.now(),
        keys,
        onSecret: (index) => deps.logger.debug('a push was authenticated', { receiver: id, secret: index }),
      },
      async (rawBody) => {
        const events = readPush(kind, { headers, rawBody }, receiver);
        const { jobIds } = await acceptPushes(events, deps);
        return { ...answerPush(events), jobId: jobIds[0] };
      },
    );
    return answer ?? { status: 413 };
  };

  const handle = async (context: Context<ApiEnv>): Promise<Response> => {
    const kind = context.req.param('kind') ?? '';
    if (!isReceiverKind(kind)) return context.notFound();
    const startedAt = performance.now();
    let answer: Answer;
    try {
      answer = await receive(context, kind);
    } catch (error) {
      answer =
        error instanceof Refusal
          ? { status: error.problem.status, headers: { ...error.problem.headers } }
          : answerFailure(error);
      if (answer.status >= 500) deps.logger.error('a push could not be taken', { source: kind, err: error });
    }
    if (answer.status >= 400) {
      deps.metrics.count('transship_events_rejected_total', {
        source: kind,
        reason: REASONS[answer.status] ?? 'internal',
      });
    }
    const seconds = (performance.now() - startedAt) / 1000;
    deps.metrics.observe('transship_event_ack_duration_seconds', { source: kind }, seconds);
    return toResponse(answer);
  };

  const handshake = (context: Context<ApiEnv>): Response => {
    const { kind = '', receiver = '', token } = context.req.param();
    const isKnown =
      token !== undefined && isReceiverKind(kind) && deps.receivers().find(kind, receiver, token).auth.mode === 'path';
    return toResponse(isKnown ? answerOptions(context.req.header(), RATE_PER_MINUTE) : NO_HANDSHAKE);
  };

  for (const path of PATHS) {
    mount(api, { method: 'post', path }, (context) => {
      context.set('route', path);
      return handle(context);
    });
    mount(api, { method: 'options', path }, (context) => {
      context.set('route', path);
      return handshake(context);
    });
    describe(api, path);
  }
}

type Answer = PushAnswer & { jobId?: string | undefined };

const NO_HANDSHAKE: PushAnswer = { status: 405, headers: { allow: 'POST' } };

const REASONS: Readonly<Record<number, string>> = {
  400: 'cut-off',
  401: 'unauthorized',
  413: 'too-large',
  415: 'content-type',
  503: 'unavailable',
};

/** A 401 names a scheme; which one the sender proves itself by is not told. https://www.rfc-editor.org/rfc/rfc9110#status.401 */
const CHALLENGE: Readonly<Record<number, Record<string, string>>> = {
  401: { 'www-authenticate': 'Webhook realm="transship"' },
};

const PROBLEMS = {
  400: ['invalid-request', 'the body was cut off'],
  401: ['webhook-unauthorized', 'the request is not authenticated'],
  405: ['method-not-allowed', 'notifications are sent with POST'],
  413: ['body-too-large', 'the body is too large'],
  415: ['unsupported-media-type', 'the body must be JSON of a known type, and not encoded'],
  500: ['internal', 'the server failed at this request'],
  503: ['unavailable', 'nothing can be stored now'],
} as const;

function toResponse({ status, headers, json, jobId }: Answer): Response {
  if (isProblem(status)) {
    const [code, detail] = PROBLEMS[status];
    // no request id in it: a refusal tells nothing, also by differing
    return problemResponse({ status, code, detail, headers: { ...CHALLENGE[status], ...headers } });
  }
  const location = jobId === undefined || status !== 202 ? {} : { location: `/v1/jobs/${jobId}` };
  const type = json === undefined ? { 'content-length': '0' } : { 'content-type': 'application/json' };
  return new Response(json === undefined ? null : JSON.stringify(json), {
    status,
    headers: { ...headers, ...location, ...type },
  });
}

function isProblem(status: number): status is keyof typeof PROBLEMS {
  return Object.hasOwn(PROBLEMS, status);
}

function describe({ registry }: Api, path: (typeof PATHS)[number]): void {
  const withToken = path.endsWith('{token}');
  registry?.registerPath({
    method: 'post',
    path,
    tags: ['receivers'],
    operationId: withToken ? 'push-with-token' : 'push',
    summary: withToken ? 'Take a notification of a sender whose credential is the path' : 'Take a notification',
    description:
      'The receiver authenticates the sender in the way of its kind; the answer comes when the events are durable.',
    security: [],
    request: {
      params: z.object({
        kind: z.enum(Object.keys(PUSH_SOURCES)),
        receiver: z.string(),
        ...(withToken ? { token: z.string() } : {}),
      }),
      body: { required: true, content: Object.fromEntries(JSON_TYPES.map((type) => [type, { schema: z.unknown() }])) },
    },
    responses: responsesOf(
      {
        200: {
          description: 'Nothing to do, or a handshake',
        },
        202: {
          description: 'Stored; it asks for work',
          headers: z.object({ Location: z.string().optional() }),
        },
      },
      [400, 401, 404, 413, 415, 500, 503],
    ),
  });
}
