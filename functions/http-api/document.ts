// The OpenAPI document, made of the declared routes, and where it is served.
// https://spec.openapis.org/oas/v3.1.1.html
import type { OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { BEARER } from './describe-route.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const ABOUT = [
  'Mirrors container images between registries.',
  'Requests carry a bearer token: one that `transship api-token create` made, or one of a configured OIDC issuer.',
  'The list beside the security scheme is the scope that a route needs; `admin` stands for all, `mirror` includes `read`.',
  'Errors are problem documents (RFC 9457) with a stable `code`.',
].join(' ');

export type ApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

/** Gives the document of all routes, also of those that are added later. */
export function addDocument(
  api: Api,
  app: OpenAPIHono<ApiEnv>,
  { version }: Pick<ApiDeps, 'version'>,
): () => ApiDocument {
  let document: ApiDocument | undefined;
  const make = (): ApiDocument =>
    (document ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Transship', version, description: ABOUT, license: { name: 'Apache-2.0' } },
      servers: [{ url: '/' }],
    }));

  app.openAPIRegistry.registerComponent('securitySchemes', BEARER, { type: 'http', scheme: 'bearer' });
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/openapi.json',
      access: 'public',
      tag: 'documentation',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({}) } },
    },
    () => Response.json(make()),
  );
  return make;
}
