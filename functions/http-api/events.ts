// The routes of received pushes: whether the webhook arrived, and what became of it.
import * as z from 'zod';
import type { PushRecord } from '../../shared/events/push-log.ts';
import type { ApiDeps } from './api-deps.ts';
import { maySeePush } from './identity.ts';
import { pageHeaders, pageQuery, pageResponse, pageSchema, visiblePage } from './paging.ts';
import { Refusal } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const TAG = 'events';

const text = z.string().nullable();

const eventSchema = z
  .object({
    id: z.string(),
    receivedAt: z.iso.datetime(),
    jobIds: z.array(z.string()).describe('the jobs that it asked for; empty where it asked for none'),
    isRepeated: z.boolean().describe('it was known already'),
    event: z.looseObject({
      receiverId: z.string(),
      source: z.string().describe('kind of the receiver'),
      action: z.string(),
      object: z.string(),
      registry: z.string(),
      registryHost: text,
      repository: text,
      tag: text,
      digest: text,
      actor: text,
      occurredAt: text,
      relevant: z.boolean(),
      reason: text.describe('why it asks for no job; null where it does'),
    }),
  })
  .meta({ id: 'Event' });

export function addEvents(api: Api, { pushes, config }: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/events',
      access: 'read',
      tag: TAG,
      summary: 'List received pushes, newest first',
      query: z.strictObject({
        ...pageQuery,
        receiver: z.string().min(1).max(255).optional().describe('only of this receiver'),
        relevant: z.enum(['true', 'false']).optional().describe('only those that ask for a job, or only the others'),
      }),
      answers: { 200: { description: 'A page of pushes', schema: pageSchema(eventSchema), headers: pageHeaders } },
    },
    async ({ query: { limit, cursor, receiver, relevant }, identity, context }) => {
      const filter = {
        ...(receiver === undefined ? {} : { receiverId: receiver }),
        ...(relevant === undefined ? {} : { relevant: relevant === 'true' }),
      };
      const { items, next } = await visiblePage(
        async (atMost, after) => {
          const page = await pushes.list(filter, atMost, after);
          return { items: page.pushes, next: page.next };
        },
        ({ event }) => maySeePush(identity, event, config()),
        limit,
        cursor,
      );
      return pageResponse({ items: items.map(viewOf), next }, context.req.url);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/events/{id}',
      access: 'read',
      tag: TAG,
      summary: 'Show a received push',
      params: z.object({ id: z.string().describe('id of a push') }),
      answers: { 200: { description: 'The push', schema: eventSchema } },
      errors: [404],
    },
    async ({ params, identity }) => {
      const found = await pushes.get(params.id);
      if (found !== undefined && maySeePush(identity, found.event, config())) return Response.json(viewOf(found));
      throw new Refusal({
        status: 404,
        code: 'not-found',
        detail: 'there is no such push',
        hint: 'pushes are kept for a while only',
      });
    },
  );
}

function viewOf({ id, receivedAt, jobIds, isRepeated, event }: PushRecord) {
  return { id, receivedAt: receivedAt.toISOString(), jobIds: [...jobIds], isRepeated, event } satisfies z.input<
    typeof eventSchema
  >;
}
