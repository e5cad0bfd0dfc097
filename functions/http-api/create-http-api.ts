// The HTTP API as one Hono application: receivers, jobs, rules, events, tokens, health and its own documentation. It knows requests and
// answers and nothing of the host that brings them.
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, Hono } from 'hono';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { addApiTokens } from './api-tokens.ts';
import { authenticator } from './authenticate.ts';
import { createBodyBudget } from './body-budget.ts';
import { addDocument } from './document.ts';
import { addEvents } from './events.ts';
import { createGate } from './gate.ts';
import { addHealth } from './health.ts';
import { addJobEvents } from './job-events.ts';
import { addJobs } from './jobs.ts';
import { addMirrors } from './mirrors.ts';
import { observe } from './observe.ts';
import { problemOf, problemResponse, Refusal } from './problem.ts';
import { addReceivers } from './receivers.ts';
import { addReferencePage } from './reference-page.ts';
import { addRegistries } from './registries.ts';
import { refuseOtherMethods, type Api } from './route.ts';
import { addRules } from './rules.ts';

/** `app.fetch(request, { peer })`: the host says who is at the other end. One application per process: it counts its clients. */
export function createHttpApi(deps: ApiDeps): Hono<ApiEnv> {
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

  addMirrors(api, deps);
  addJobs(api, deps);
  addJobEvents(api, deps);
  addRules(api, deps);
  addEvents(api, deps);
  addRegistries(api, deps);
  addApiTokens(api, deps);
  addReceivers(api, deps);
  addHealth(api, deps);
  addReferencePage(api, addDocument(api, deps));
  refuseOtherMethods(api);
  return app;
}

function nothingHere(): Refusal {
  return new Refusal({
    status: 404,
    code: 'not-found',
    detail: 'there is nothing here',
    hint: 'the routes stand in /docs',
  });
}
