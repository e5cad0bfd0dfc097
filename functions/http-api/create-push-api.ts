// The API of a host that takes pushes and does nothing else: the routes of receivers.
import { Hono } from 'hono';
import type { ApiEnv } from './api-deps.ts';
import { newApi } from './new-api.ts';
import { addReceivers, type ReceiverDeps } from './receivers.ts';
import { refuseOtherMethods } from './route.ts';

export function createPushApi(deps: ReceiverDeps): Hono<ApiEnv> {
  const api = newApi(deps, new Hono<ApiEnv>());
  addReceivers(api, deps);
  refuseOtherMethods(api);
  return api.app;
}
