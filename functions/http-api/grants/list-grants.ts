// The routes that show grants and their journal. No registry and no cluster is asked for the answer.
import * as z from 'zod';
import type { ApiDeps } from '../api-deps.ts';
import { pageHeaders, pageQuery, pageResponse, pageSchema, visiblePage } from '../paging.ts';
import { addRoute, PLAIN, type Api } from '../route.ts';
import { grantParams, TAG } from './grant-params.ts';
import { grantSchema, grantState } from './grant-view.ts';
import { journalLineSchema, journalLineView } from './journal-view.ts';
import { knownGrant, knownGrants } from './known-grants.ts';

export function addGrantList(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/grants',
      access: 'read',
      tag: TAG,
      summary: 'List the grants, by name',
      description:
        'Those of the configuration and those that were declared over the API, with how they stood when they were looked at last; also those that nobody declares any more, as long as the journal knows them.',
      query: z.strictObject({ ...pageQuery, state: grantState.optional() }),
      answers: { 200: { description: 'A page of grants', schema: pageSchema(grantSchema), headers: pageHeaders } },
    },
    async ({ query: { limit, cursor = '', state }, identity, context }) => {
      const all = (await knownGrants(deps, identity)).map(({ view }) => view);
      const rest = all.filter((view) => view.name > cursor && (state === undefined || view.state === state));
      const items = rest.slice(0, limit);
      const next = rest.length > limit ? items.at(-1)?.name : undefined;
      return pageResponse({ items, next }, context.req.url);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/grants/journal',
      access: 'read',
      tag: TAG,
      summary: 'Read the journal of grants, oldest first',
      description: 'Who did what, when, why, and what proved it. Lines are only ever added.',
      query: z.strictObject({
        ...pageQuery,
        grant: z.string().min(1).max(40).optional().describe('only of this grant'),
        after: z
          .string()
          .regex(/^\d{1,15}$/)
          .optional()
          .describe('only lines behind this `seq`'),
      }),
      answers: {
        200: { description: 'A page of lines', schema: pageSchema(journalLineSchema), headers: pageHeaders },
      },
    },
    async ({ query: { limit, cursor, grant, after }, identity, context }) => {
      const visible = new Set((await knownGrants(deps, identity)).map((known) => known.grant.id));
      const isHeld = identity.rules !== undefined || identity.registries !== undefined;
      const { items, next } = await visiblePage(
        async (atMost, last) => {
          const from = Number(last ?? after ?? 0);
          const stored = await deps.grants.lines({
            after: from,
            limit: atMost,
            ...(grant === undefined ? {} : { grant }),
          });
          const lines = stored.map(journalLineView);
          return { items: lines, next: lines.length < atMost ? undefined : String(lines.at(-1)?.seq) };
        },
        ({ grants }) => !isHeld || (grants.length > 0 && grants.every((name) => visible.has(name))),
        limit,
        cursor,
      );
      return pageResponse({ items, next }, context.req.url);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/grants/{name}',
      access: 'read',
      tag: TAG,
      summary: 'Show a grant',
      params: grantParams,
      answers: { 200: { description: 'The grant', schema: grantSchema } },
      errors: [404],
    },
    async ({ params: { name }, identity }) => Response.json((await knownGrant(deps, identity, name)).view),
  );
}
