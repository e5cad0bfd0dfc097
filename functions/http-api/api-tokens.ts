// The routes of API tokens: make, list, revoke. The text of a token is told once, when it is made; what is kept is its hash.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { apiTokenHash, newApiTokenText } from './api-token-text.ts';
import { SCOPES, type ApiToken } from './api-token.ts';
import type { ApiDeps } from './api-deps.ts';
import { Refusal } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const TAG = 'API tokens';

const scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);
const names = z.array(z.string().min(1).max(255)).min(1).max(100);

const limits = {
  rules: names.optional().describe('only these rules'),
  registries: names.optional().describe('only these registries, as references name them; sources and targets'),
};

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    ...limits,
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'ApiToken' });

const newTokenSchema = tokenSchema
  .extend({ token: z.string().describe('its text, told only this once') })
  .meta({ id: 'NewApiToken' });

const order = z
  .strictObject({
    name: z.string().min(1).max(255).describe('for people: who uses it, for what'),
    scopes,
    ...limits,
    expiresAt: z.iso.datetime().optional().describe('absent: never'),
  })
  .meta({ id: 'ApiTokenOrder' });

export function addApiTokens(api: Api, { apiTokens, clock }: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/api-tokens',
      access: 'admin',
      tag: TAG,
      summary: 'List API tokens, newest first',
      answers: {
        200: { description: 'All tokens, without their texts', schema: z.object({ items: z.array(tokenSchema) }) },
      },
    },
    async () => Response.json({ items: (await apiTokens.list()).map(viewOf) }),
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/api-tokens',
      access: 'admin',
      tag: TAG,
      summary: 'Make an API token',
      body: order,
      answers: {
        201: {
          description: 'The token with its text',
          schema: newTokenSchema,
          headers: z.object({ Location: z.string() }),
        },
      },
    },
    async ({ body: { name, scopes: given, rules, registries, expiresAt } }) => {
      const isLimited = rules !== undefined || registries !== undefined;
      if (given.includes('admin') && isLimited) throw unusable('a token with the scope admin can have no limits');
      const now = clock.now();
      if (expiresAt !== undefined && new Date(expiresAt) <= now) throw unusable('expiresAt is past');
      const text = newApiTokenText().reveal();
      const token: ApiToken = {
        id: randomUUID(),
        name,
        scopes: [...new Set(given)],
        ...(rules && { rules }),
        ...(registries && { registries }),
        createdAt: now,
        ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
      };
      await apiTokens.add(token, apiTokenHash(text) ?? '');
      return Response.json(
        { ...viewOf(token), token: text },
        { status: 201, headers: { location: `/v1/api-tokens/${token.id}` } },
      );
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'delete',
      path: '/v1/api-tokens/{id}',
      access: 'admin',
      tag: TAG,
      summary: 'Revoke an API token',
      params: z.object({ id: z.string().describe('id of a token') }),
      answers: { 204: { description: 'Revoked' } },
      errors: [404],
    },
    async ({ params: { id } }) => {
      if (await apiTokens.revoke(id)) return new Response(null, { status: 204 });
      throw new Refusal({ status: 404, code: 'not-found', detail: 'there is no such token' });
    },
  );
}

function viewOf({ id, name, scopes, rules, registries, createdAt, expiresAt }: ApiToken) {
  return {
    id,
    name,
    scopes: [...scopes],
    ...(rules === undefined ? {} : { rules: [...rules] }),
    ...(registries === undefined ? {} : { registries: [...registries] }),
    createdAt: createdAt.toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  } satisfies z.input<typeof tokenSchema>;
}

function unusable(detail: string): Refusal {
  return new Refusal({ status: 422, code: 'invalid-request', detail });
}
