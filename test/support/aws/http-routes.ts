// Which route of an HTTP API takes a request: the most specific path, `$default` where none does.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation.
import type { RouteMatch } from './http-event.ts';

export type Route = { routeKey: string; functionArn: string };

/** Undefined: the API answers 404 itself. */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): (RouteMatch & { functionArn: string }) | undefined {
  const matches = routes.flatMap(({ routeKey, functionArn }) => {
    const pathParameters = routeKey === '$default' ? {} : matchPath(routeKey, method, path);
    return pathParameters === undefined ? [] : [{ routeKey, functionArn, pathParameters }];
  });
  return matches.toSorted((a, b) => rank(a.routeKey) - rank(b.routeKey))[0];
}

/** Full matches come before greedy ones, `$default` comes last, a method before ANY. */
function rank(routeKey: string): number {
  if (routeKey === '$default') return 10;
  const [method, template = ''] = routeKey.split(' ');
  const path = template.includes('+}') ? 6 : template.includes('{') ? 2 : 0;
  return path + (method === 'ANY' ? 1 : 0);
}

function matchPath(routeKey: string, method: string, path: string): Record<string, string> | undefined {
  const [wantedMethod, template = ''] = routeKey.split(' ');
  if (wantedMethod !== 'ANY' && wantedMethod !== method) return undefined;
  const names: string[] = [];
  const pattern = template
    .split('/')
    .map((part) => {
      const [, name, greedy] = /^\{([\w.-]+)(\+?)\}$/.exec(part) ?? [];
      if (name === undefined) return RegExp.escape(part);
      names.push(name);
      return greedy === '+' ? '(.+)' : '([^/]+)';
    })
    .join('/');
  const found = new RegExp(`^${pattern}$`).exec(path);
  if (found === null) return undefined;
  return Object.fromEntries(names.map((name, index) => [name, decoded(found[index + 1] ?? '')]));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
