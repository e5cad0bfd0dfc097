// The part of the OpenAPI document that follows from a route's declaration: its parameters, its answers, and every error that its
// checks can give.
import type { OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import { problemSchema, titleOf } from './problem.ts';
import type { Answers, RouteShape } from './route-shape.ts';

/** Takes what the document says of routes. */
export type RouteRegistry = Pick<OpenAPIHono['openAPIRegistry'], 'registerPath'>;
type Responses = Parameters<RouteRegistry['registerPath']>[0]['responses'];

const PROBLEM = 'application/problem+json';
const JSON_TYPE = 'application/json';

/** The name of the security scheme; its list of scopes is what the token has to have. */
export const BEARER = 'bearer';

const waitHeader = z.object({ 'Retry-After': z.string().regex(/^\d+$/).describe('seconds') });
const challengeHeader = z.object({ 'WWW-Authenticate': z.string() });
const HEADERS_OF: Readonly<Record<number, z.ZodObject>> = {
  401: challengeHeader,
  403: z.object({ 'WWW-Authenticate': z.string().optional() }),
  429: waitHeader,
  503: waitHeader,
};

/** The types of the answers' bodies. */
export function mediaTypesOf(answers: Answers): string[] {
  const withBody = Object.values(answers).filter(({ schema }) => schema !== undefined);
  return [...new Set(withBody.map(({ type }) => type ?? JSON_TYPE))];
}

export function describeRoute(registry: RouteRegistry, shape: RouteShape): void {
  const { method, path, access, tag, summary, description, answers } = shape;
  const hasBody = !(shape.body instanceof z.ZodUndefined);
  registry.registerPath({
    method,
    path,
    tags: [tag],
    operationId: operationId(method, path),
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === 'public' || access === 'own' ? [] : [{ [BEARER]: [access] }],
    request: {
      ...(isObject(shape.params) ? { params: shape.params } : {}),
      ...(isObject(shape.query) ? { query: shape.query } : {}),
      ...(isObject(shape.headers) ? { headers: shape.headers } : {}),
      ...(hasBody ? { body: { required: true, content: { [JSON_TYPE]: { schema: shape.body } } } } : {}),
    },
    responses: responsesOf(answers, errorsOf(shape, hasBody)),
  });
}

/** The answers and errors of a route, as the document has them. */
export function responsesOf(answers: Answers, errors: readonly number[]): Responses {
  const responses: Responses = {};
  for (const [status, { description, schema, type = JSON_TYPE, headers }] of Object.entries(answers)) {
    responses[Number(status)] = {
      description,
      ...(headers === undefined ? {} : { headers }),
      ...(schema === undefined ? {} : { content: { [type]: { schema } } }),
    };
  }
  for (const status of errors) {
    const headers = HEADERS_OF[status];
    responses[status] ??= {
      description: titleOf(status),
      ...(headers === undefined ? {} : { headers }),
      content: { [PROBLEM]: { schema: problemSchema } },
    };
  }
  return responses;
}

/** What the checks in front of the handler can refuse, and what can happen to every handler. */
function errorsOf(shape: RouteShape, hasBody: boolean): number[] {
  const { access, unmetered, errors = [] } = shape;
  const takesParameters = [shape.params, shape.query, shape.headers].some((schema) => !isEmpty(schema));
  const statuses = new Set([
    ...errors,
    ...(unmetered === true ? [] : [429]),
    ...(access === 'public' || access === 'own' ? [] : [401, 403, 503]),
    ...(mediaTypesOf(shape.answers).length > 0 ? [406] : []),
    ...(takesParameters ? [422] : []),
    ...(hasBody ? [400, 413, 415, 422] : []),
    500,
  ]);
  return [...statuses].sort((one, other) => one - other);
}

function isObject(schema: z.ZodType): schema is z.ZodObject {
  return schema instanceof z.ZodObject && Object.keys(schema.shape).length > 0;
}

/** Takes everything. A strict object without members still refuses members. */
function isEmpty(schema: z.ZodType): boolean {
  if (!(schema instanceof z.ZodObject)) return false;
  return Object.keys(schema.shape).length === 0 && schema.def.catchall === undefined;
}

/** `post-v1-jobs-id-cancel` */
function operationId(method: string, path: string): string {
  return [method, ...path.split(/[^a-z0-9]+/i).filter((part) => part !== '')].join('-').toLowerCase();
}
