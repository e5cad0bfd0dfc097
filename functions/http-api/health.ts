// Health and metrics, for those who watch the process.
import * as z from 'zod';
import type { ApiDeps } from './api-deps.ts';
import { isLocalClient, isSentHere } from './client-address.ts';
import { Refusal, retryAfter } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const TAG = 'health';
const RETRY_AFTER_MS = 5000;
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

// balancers append to a URL what they like
const HEALTH = { ...PLAIN, query: z.object({}), method: 'get', access: 'public', unmetered: true, tag: TAG } as const;

export function addHealth(api: Api, deps: ApiDeps): void {
  const { readiness, brokenReason, metricsText, config } = deps;
  const ok = { description: 'Yes', schema: z.object({ status: z.literal('ok') }) };

  addRoute(
    api,
    {
      ...HEALTH,
      path: '/livez',
      summary: 'Does the process answer, and need no restart?',
      answers: { 200: ok },
      errors: [503],
    },
    () => {
      const reason = brokenReason?.();
      if (reason === undefined) return Response.json({ status: 'ok' });
      throw new Refusal({ status: 503, code: 'unavailable', detail: reason, hint: 'restart the server' });
    },
  );

  addRoute(
    api,
    { ...HEALTH, path: '/readyz', summary: 'Is new work taken?', answers: { 200: ok }, errors: [503] },
    async () => {
      const reason = await readiness();
      if (reason === undefined) return Response.json({ status: 'ok' });
      throw new Refusal({ status: 503, code: 'unavailable', detail: reason, headers: retryAfter(RETRY_AFTER_MS) });
    },
  );

  if (metricsText === undefined) return;
  addRoute(
    api,
    {
      ...HEALTH,
      path: '/metrics',
      access: 'own',
      summary: 'Metrics, as Prometheus reads them',
      description:
        'From the same machine without a token (unless through a proxy or by another name), else with the scope `read`.',
      answers: { 200: { description: 'The metrics', schema: z.string(), type: 'text/plain' } },
      errors: [401, 403, 503],
    },
    async ({ context }) => {
      const isLocal = isLocalClient(context.env?.peer, config().api.trustProxy);
      if (!isLocal || !isSentHere(context.req)) await api.gate(context, 'read', false);
      return new Response(await metricsText(), { headers: { 'content-type': METRICS_TYPE } });
    },
  );
}
