// The API of a host that issues tokens for registries and does nothing else.
import { Hono } from 'hono';
import type { ApiEnv } from './api-deps.ts';
import { newApi } from './new-api.ts';
import { refuseOtherMethods } from './route.ts';
import { addTokens, type TokenDeps } from './token.ts';

export function createTokenApi(deps: TokenDeps): Hono<ApiEnv> {
  const api = newApi(deps, new Hono<ApiEnv>());
  addTokens(api, deps);
  refuseOtherMethods(api);
  return api.app;
}
