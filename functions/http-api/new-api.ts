// An API without routes yet: what holds for each of its requests, and what is answered where no route fits.
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { authenticator } from './authenticate.ts';
import { createBodyBudget } from './body-budget.ts';
import { createGate } from './gate.ts';
import { observe } from './observe.ts';
import { problemOf, problemResponse, Refusal } from './problem.ts';
import type { Api } from './route.ts';

export function newApi(deps: ApiDeps): Api {
  const app = new OpenAPIHono<ApiEnv>();
  const authenticate = authenticator(deps);
  const api: Api = {
    app,
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

function nothingHere(): Refusal {
  return new Refusal({
    status: 404,
    code: 'not-found',
    detail: 'there is nothing here',
    hint: 'the routes stand in /docs',
  });
}
