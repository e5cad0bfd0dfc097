// An API without routes yet: what holds for each of its requests, and what is answered where no route fits.
import type { Context, Hono } from 'hono';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import type { Authenticate } from './authenticate.ts';
import { createBodyBudget } from './body-budget.ts';
import { createGate } from './gate.ts';
import { observe } from './observe.ts';
import { problemOf, problemResponse, Refusal } from './problem.ts';
import type { Api } from './route.ts';

/** What every API needs of its host, however few routes it has. */
export type BareDeps = Pick<ApiDeps, 'clock' | 'config' | 'logger'>;

/** @param authenticate absent: none of the routes asks for a token of ours */
export function newApi(
  deps: BareDeps,
  app: Hono<ApiEnv>,
  authenticate: Authenticate = nobody,
  registry?: Api['registry'],
): Api {
  const api: Api = {
    app,
    registry,
    gate: createGate(deps, authenticate),
    authenticate,
    bodies: createBodyBudget(),
    methods: new Map(),
  };

  app.use(observe(deps));
  const answerError = (error: unknown, context: Context<ApiEnv>): Response => {
    const problem = problemOf(error);
    const requestId = context.get('requestId');
    if (problem.status === 500) deps.logger.error('a request failed', { request_id: requestId, err: error });
    return problemResponse(problem, requestId);
  };
  app.onError(answerError);
  // what it throws would get past the middleware
  app.notFound(async (context) => {
    try {
      await api.gate(context, 'public', false);
      return answerError(nothingHere(), context);
    } catch (error) {
      return answerError(error, context);
    }
  });
  return api;
}

function nobody(): Promise<never> {
  throw new Refusal({ status: 401, code: 'unauthorized', detail: 'nobody has a token for this' });
}

function nothingHere(): Refusal {
  return new Refusal({
    status: 404,
    code: 'not-found',
    detail: 'there is nothing here',
    hint: 'the routes stand in /docs',
  });
}
