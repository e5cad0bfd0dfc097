// What every request and answer gets: an id, a line in the log, and headers that keep browsers from doing anything with it.
import type { MiddlewareHandler } from 'hono';
import { printable } from '../../shared/telemetry/printable.ts';
import type { ApiDeps, ApiEnv } from './api-deps.ts';

// https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
const HEADERS = Object.entries({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
});

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

export function observe({ logger }: Pick<ApiDeps, 'logger'>): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const startedAt = performance.now();
    const requestId = crypto.randomUUID();
    context.set('requestId', requestId);
    await next();
    const { headers, status } = context.res;
    for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value);
    headers.set('x-request-id', requestId);
    const route = context.get('route');
    logger[levelOf(status, route)]('request', {
      request_id: requestId,
      method: printable(context.req.method, 20),
      path: shownPath(context.req.path, route),
      route,
      status,
      duration_ms: Math.round((performance.now() - startedAt) * 10) / 10,
      client: context.get('client'),
    });
  };
}

/** Probes ask every few seconds, and are no news while all is well; what a push or a namespace made of it has its own line. */
function levelOf(status: number, route: string | undefined): 'debug' | 'info' | 'warn' {
  if (status >= 500) return 'warn';
  if (status >= 400 || route === undefined) return 'info';
  return PROBES.has(route) || /^\/(?:hooks|k8s)\//.test(route) ? 'debug' : 'info';
}

/** Never the token of the address of a receiver or a cluster, and of a path that is none of ours nothing that may be one. */
function shownPath(path: string, route: string | undefined): string {
  if (route?.endsWith('/{token}') === true) return printable(path.replace(/[^/]*$/, '[redacted]'));
  if (route !== undefined) return printable(path);
  return printable(path.replaceAll(/[^/]{16,}/g, '[redacted]'), 100);
}
