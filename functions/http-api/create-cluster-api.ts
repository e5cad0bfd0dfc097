// The API at the address for API servers: the routes for clusters, and no others.
import { Hono } from 'hono';
import type { ApiEnv } from './api-deps.ts';
import { addKubernetes, type ClusterApiDeps } from './kubernetes.ts';
import { newApi } from './new-api.ts';
import { refuseOtherMethods } from './route.ts';

export function createClusterApi(deps: ClusterApiDeps): Hono<ApiEnv> {
  const api = newApi(deps, new Hono<ApiEnv>());
  addKubernetes(api, deps);
  refuseOtherMethods(api);
  return api.app;
}
