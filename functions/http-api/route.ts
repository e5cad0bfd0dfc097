// How a route of the API is made: declared once, with who may call it, and from that declaration come its checks and its part of
// the OpenAPI document. There is no way to add one without saying who may call it.
//
//   route and method ─▶ rate ─▶ who ─▶ scope ─▶ Accept ─▶ parameters ─▶ type, size, JSON and schema of the body ─▶ handler
//
import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { accepts } from './accepts.ts';
import type { ApiEnv } from './api-deps.ts';
import { describeRoute, mediaTypesOf, type RouteRegistry } from './describe-route.ts';
import type { Authenticate } from './authenticate.ts';
import type { BodyBudget } from './body-budget.ts';
import type { Gate } from './gate.ts';
import type { Identity } from './identity.ts';
import { parseBody, parseParameters } from './parse-input.ts';
import { Refusal } from './problem.ts';
import { readJson } from './read-json.ts';
import type { RouteShape } from './route-shape.ts';

export type Input<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Headers extends z.ZodType,
  Body extends z.ZodType,
> = {
  params: z.output<Params>;
  query: z.output<Query>;
  headers: z.output<Headers>;
  body: z.output<Body>;
  identity: Identity;
  context: Context<ApiEnv>;
};

export type Api = {
  app: Hono<ApiEnv>;
  gate: Gate;
  /** For requests that last: who asks, looked at anew. */
  authenticate: Authenticate;
  /** For the bodies of all requests together. */
  bodies: BodyBudget;
  /** What the document says of routes comes here; absent: there is no document. */
  registry?: RouteRegistry | undefined;
  /** The methods of each routing path. */
  methods: Map<string, Set<string>>;
};

/** What a route has that takes nothing: no parameters, no body. */
export const PLAIN = {
  params: z.object({}),
  query: z.strictObject({}),
  headers: z.object({}),
  body: z.undefined(),
} as const;

/** Adds a route with its checks and its part of the document. */
export function addRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Headers extends z.ZodType,
  Body extends z.ZodType,
>(
  api: Api,
  shape: RouteShape<Params, Query, Headers, Body>,
  handle: (input: Input<Params, Query, Headers, Body>) => Response | Promise<Response>,
): void {
  const types = mediaTypesOf(shape.answers);
  const hasBody = !(shape.body instanceof z.ZodUndefined);
  if (api.registry !== undefined) describeRoute(api.registry, shape);
  mount(api, shape, async (context) => {
    context.set('route', shape.path);
    const identity = await api.gate(context, shape.access, shape.unmetered === true);
    const { req } = context;
    if (!accepts(req.header('accept'), types)) throw notAcceptable(types);
    const params = parseParameters(shape.params, req.param());
    const query = parseParameters(shape.query, single(req.queries()));
    const headers = parseParameters(shape.headers, req.header());
    const body = parseBody(shape.body, hasBody ? await readJson(req.raw, api.bodies) : undefined);
    return handle({ params, query, headers, body, identity, context });
  });
}

/** Adds a handler that does all by itself; whoever calls it describes the route. */
export function mount(
  { app, methods }: Pick<Api, 'app' | 'methods'>,
  { method, path }: Pick<RouteShape, 'path'> & { method: string },
  handler: (context: Context<ApiEnv>) => Response | Promise<Response>,
): void {
  const routingPath = path.replaceAll(/\{(\w+)\}/g, ':$1');
  methods.set(routingPath, (methods.get(routingPath) ?? new Set()).add(method.toUpperCase()));
  app.on(method.toUpperCase(), routingPath, handler);
}

/** After all routes: every other method of a known path is told which ones it has. */
export function refuseOtherMethods({ app, gate, methods }: Api): void {
  for (const [path, known] of methods) {
    const allowed = [...known, ...(known.has('GET') ? ['HEAD'] : [])].sort().join(', ');
    app.all(path, async (context) => {
      await gate(context, 'public', false);
      throw new Refusal({
        status: 405,
        code: 'method-not-allowed',
        detail: `this path has no method ${context.req.method}`,
        hint: `it has ${allowed}`,
        headers: { allow: allowed },
      });
    });
  }
}

/** A parameter that is given twice stays a list, which no schema takes. */
function single(queries: Record<string, string[]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

function notAcceptable(types: readonly string[]): Refusal {
  return new Refusal({
    status: 406,
    code: 'not-acceptable',
    detail: 'this answers in none of the types that the Accept header names',
    hint: `it answers in ${types.join(' or ')}`,
  });
}
