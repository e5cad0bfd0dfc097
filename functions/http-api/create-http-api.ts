// The HTTP API as one Hono application: receivers, clusters, jobs, rules, events, tokens, health and its own documentation. It knows
// requests and answers and nothing of the host that brings them.
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Hono } from 'hono';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { addApiTokens } from './api-tokens.ts';
import { addAccess } from './access.ts';
import { authenticator } from './authenticate.ts';
import { addCredentials } from './credentials.ts';
import { addDocument } from './document.ts';
import { addEvents } from './events.ts';
import { addGrants } from './grants.ts';
import { addHealth } from './health.ts';
import { addJobEvents } from './job-events.ts';
import { addJobs } from './jobs.ts';
import { addKubernetes } from './kubernetes.ts';
import { addMirrors } from './mirrors.ts';
import { newApi } from './new-api.ts';
import { addReceivers } from './receivers.ts';
import { addReferencePage } from './reference-page.ts';
import { addRegistries } from './registries.ts';
import { refuseOtherMethods } from './route.ts';
import { addRules } from './rules.ts';
import { addTokens } from './token.ts';

/** `app.fetch(request, { peer })`: the host says who is at the other end. One application per process: it counts its clients. */
export function createHttpApi(deps: ApiDeps): Hono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>();
  const api = newApi(deps, app, authenticator(deps), app.openAPIRegistry);
  addMirrors(api, deps);
  addJobs(api, deps);
  addJobEvents(api, deps);
  addRules(api, deps);
  addEvents(api, deps);
  addRegistries(api, deps);
  addCredentials(api, deps);
  addGrants(api, deps);
  addAccess(api, deps);
  addApiTokens(api, deps);
  addReceivers(api, deps);
  addKubernetes(api, deps);
  addTokens(api, deps);
  addHealth(api, deps);
  addReferencePage(api, addDocument(api, app, deps));
  refuseOtherMethods(api);
  return api.app;
}
