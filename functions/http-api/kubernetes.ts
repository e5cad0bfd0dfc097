// The routes for clusters: the reviews of their API servers and the events that tell of new Namespaces. Who asks proves it by the path
// or by a certificate, before a byte of the body is read; what asks for a job is durable before the answer. A review is always allowed:
// nothing that goes wrong here may keep anybody from making a Namespace.
//
//   path, certificate ─▶ 401 | rate of the cluster, type, size ─▶ review: effect, then "allowed" in any case
//                                                              └▶ events: all of them durable, or an error
//
import type { Context } from 'hono';
import * as z from 'zod';
import { answerFailure } from '../../shared/events/answer.ts';
import { acceptsContent } from '../../shared/events/content-type.ts';
import {
  allow,
  MOST_REVIEW_BYTES,
  namespaceOfReview,
  parseAdmissionReview,
  type AdmissionReview,
} from '../../shared/events/namespaces/admission-review.ts';
import { MOST_EVENT_BYTES, parseNamespaceEvents } from '../../shared/events/namespaces/index.ts';
import { isTransshipError } from '../../shared/errors.ts';
import { credentialRules } from '../access/credential-rules.ts';
import { admitServiceAccount } from '../namespace-created/admit-service-account.ts';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { responsesOf } from './describe-route.ts';
import { problemOf, problemResponse, Refusal, retryAfter } from './problem.ts';
import { createRateLimit } from './rate-limit.ts';
import { withBytes } from './read-bytes.ts';
import { mount, type Api } from './route.ts';

const KINDS = ['admission', 'events'] as const;
type Kind = (typeof KINDS)[number];

/** Behind `/k8s/<kind>`: see cluster-senders.ts. With a certificate the one part is the name of the cluster. */
const TAILS = ['', '/{token}', '/{cluster}/{token}'] as const;

const MOST_BYTES: Readonly<Record<Kind, number>> = { admission: MOST_REVIEW_BYTES, events: MOST_EVENT_BYTES };
/** Of one cluster: what comes faster is found by the watch, or by the next look at the whole cluster. */
const PER_MINUTE = 6000;
/** An API server waits for the answer, and so does who asked it. */
const LONGEST_MS = 2000;

export type ClusterApiDeps = Pick<
  ApiDeps,
  'acceptNamespaces' | 'clock' | 'clusterSenders' | 'config' | 'grants' | 'logger' | 'namespaceLabels'
>;

export function addKubernetes(api: Api, deps: ClusterApiDeps): void {
  const rateLimit = createRateLimit();
  const waitOf = (cluster: string): number => rateLimit(cluster, deps.clock.now().getTime(), PER_MINUTE);

  /** @throws Refusal 401 */
  function clusterOf(context: Context<ApiEnv>): string {
    const { cluster, token } = context.req.param();
    const parts = [cluster, token].filter((part) => part !== undefined);
    const found = deps.clusterSenders().find({ parts, isCertified: context.env?.peer?.isCertified === true });
    if (found === undefined) throw unauthorized();
    return found;
  }

  function read<Result>(context: Context<ApiEnv>, kind: Kind, work: (bytes: Uint8Array) => Promise<Result>) {
    const { raw } = context.req;
    if (!acceptsContent({ untyped: true }, context.req.header())) throw unsupported();
    return withBytes(raw, { limitBytes: MOST_BYTES[kind], budget: api.bodies }, async (bytes) => {
      if (bytes === undefined) throw tooLarge(MOST_BYTES[kind]);
      return work(bytes);
    });
  }

  /** Those of requests for access are brought by the distribution, too: nobody waits for a store that is not there. */
  async function rulesNow() {
    return credentialRules(deps).catch(() => deps.config().credentials);
  }

  /** What a review asks for; whatever goes wrong with it, it is allowed. */
  async function effectOf(
    review: AdmissionReview,
    found: ReturnType<typeof namespaceOfReview>,
    cluster: string,
  ): Promise<object> {
    if (found === undefined) {
      const labels = deps.namespaceLabels?.(cluster, review.namespace ?? '');
      const credentials = await rulesNow();
      return allow(review, admitServiceAccount(review, { credentials }, { cluster, ...(labels && { labels }) }));
    }
    if (waitOf(cluster) === 0) {
      const observedAt = deps.clock.now();
      const accepting = deps.acceptNamespaces([{ kind: 'namespace.created', cluster, ...found, observedAt }]);
      await inTime(accepting, deps).catch((error: unknown) => {
        deps.logger.error('a new namespace could not be noted', { cluster, namespace: found.name, err: error });
      });
    }
    return allow(review);
  }

  const handlers = {
    admission: async (context: Context<ApiEnv>, cluster: string) =>
      read(context, 'admission', async (bytes) => {
        const review = readable(() => parseAdmissionReview(bytes));
        const found = readable(() => namespaceOfReview(review));
        return Response.json(await effectOf(review, found, cluster));
      }),
    async events(context: Context<ApiEnv>, cluster: string) {
      const waitMs = waitOf(cluster);
      if (waitMs > 0) throw tooMany(waitMs);
      return read(context, 'events', async (rawBody) => {
        const headers = context.req.header();
        const place = { cluster, now: deps.clock.now() };
        const [jobId] = await deps.acceptNamespaces(readable(() => parseNamespaceEvents({ headers, rawBody }, place)));
        if (jobId === undefined) return new Response(null, { status: 200 });
        return new Response(null, { status: 202, headers: { location: `/v1/jobs/${jobId}` } });
      });
    },
  } satisfies Record<Kind, unknown>;

  async function answer(context: Context<ApiEnv>, kind: Kind): Promise<Response> {
    try {
      return await handlers[kind](context, clusterOf(context));
    } catch (error) {
      const response = toResponse(error);
      if (response.status >= 500) deps.logger.error('a request of a cluster could not be served', { err: error });
      return response;
    }
  }

  for (const kind of KINDS) {
    for (const tail of TAILS) {
      const path = `/k8s/${kind}${tail}` as const;
      mount(api, { method: 'post', path }, (context) => {
        context.set('route', path);
        return answer(context, kind);
      });
      describe(api, kind, path);
    }
  }
}

/** @throws TransshipError timeout, and what the work throws */
async function inTime(work: Promise<unknown>, { clock }: Pick<ApiDeps, 'clock'>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const callOff = clock.after(LONGEST_MS, () => reject(new Error(`nothing was stored within ${LONGEST_MS} ms`)));
  try {
    await Promise.race([work, late]);
  } finally {
    callOff();
  }
}

/** @throws Refusal 400 that says what is wrong with the body */
function readable<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!isTransshipError(error, 'invalid-usage')) throw error;
    const { message: detail, hint } = error;
    throw new Refusal({ status: 400, code: 'invalid-request', detail, ...(hint === undefined ? {} : { hint }) });
  }
}

function toResponse(error: unknown): Response {
  if (error instanceof Refusal) return problemResponse(problemOf(error));
  const { status, headers } = answerFailure(error);
  if (status === 503) {
    return problemResponse({
      status,
      code: 'unavailable',
      detail: 'nothing can be stored now',
      ...(headers === undefined ? {} : { headers }),
    });
  }
  return problemResponse({ status: 500, code: 'internal', detail: 'the server failed at this request' });
}

/** The same for a wrong token, an unknown cluster and no proof at all. */
function unauthorized(): Refusal {
  return new Refusal({
    status: 401,
    code: 'unauthorized',
    detail: 'the request is not authenticated',
    headers: { 'www-authenticate': 'Webhook realm="transship"' },
  });
}

function unsupported(): Refusal {
  return new Refusal({
    status: 415,
    code: 'unsupported-media-type',
    detail: 'the body must be JSON of a known type, and not encoded',
  });
}

function tooLarge(mostBytes: number): Refusal {
  return new Refusal({ status: 413, code: 'body-too-large', detail: `the body is larger than ${mostBytes} bytes` });
}

function tooMany(waitMs: number): Refusal {
  return new Refusal({
    status: 429,
    code: 'too-many-requests',
    detail: 'too many events of this cluster',
    headers: retryAfter(waitMs),
  });
}

const ABOUT: Readonly<Record<Kind, { summary: string; description: string; id: string }>> = {
  admission: {
    summary: 'Review an object of a cluster',
    description:
      'For a webhook of an API server: a Namespace gets its credentials as soon as it is there, a ServiceAccount its references at once. Everything is allowed.',
    id: 'review',
  },
  events: {
    summary: 'Take events that tell of new Namespaces',
    description:
      'CloudEvents (of Knative, of Eventarc, of anybody), events of Argo Events, lists of the audit webhook, and the audit logs of EKS, GKE and AKS.',
    id: 'cluster-events',
  },
};

const JSON_TYPES = ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'];

function describe({ registry }: Api, kind: Kind, path: string): void {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const { summary, description, id } = ABOUT[kind];
  const types = kind === 'admission' ? ['application/json'] : JSON_TYPES;
  registry?.registerPath({
    method: 'post',
    path,
    tags: ['clusters'],
    operationId: [id, ...names].join('-'),
    summary,
    description: `${description} The sender proves itself by the token in the path, or by a certificate.`,
    security: [],
    request: {
      ...(names.length === 0 ? {} : { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }),
      body: { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: z.unknown() }])) },
    },
    responses: responsesOf(
      kind === 'admission'
        ? { 200: { description: 'Allowed', schema: z.looseObject({ kind: z.literal('AdmissionReview') }) } }
        : {
            200: { description: 'Nothing to do' },
            202: { description: 'Stored', headers: z.object({ Location: z.string().optional() }) },
          },
      [400, 401, 413, 415, 500, 503, ...(kind === 'events' ? [429] : [])],
    ),
  });
}
