// The API at the address for API servers: the routes for clusters, and no others.
import type { Hono } from 'hono';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { addKubernetes } from './kubernetes.ts';
import { newApi } from './new-api.ts';
import { refuseOtherMethods } from './route.ts';

export function createClusterApi(deps: ApiDeps): Hono<ApiEnv> {
  const api = newApi(deps);
  addKubernetes(api, deps);
  refuseOtherMethods(api);
  return api.app;
}
