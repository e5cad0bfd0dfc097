// Which endpoint a path belongs to, what access the request needs, and the call of its handler.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints
import type { Scope } from './access.ts';
import { handleBlob } from './blobs.ts';
import type { Exchange, Parts } from './exchange.ts';
import { listReferrers, listRepositories, listTags } from './listings.ts';
import { handleManifest } from './manifests.ts';
import { checkRepository } from './names.ts';
import { jsonReply, refusal, type Reply } from './reply.ts';
import { continueUpload, startUpload } from './uploads.ts';

export type Route = {
  /** Absent for the version check and the catalog. */
  repository?: string;
  handle: (parts: Parts, exchange: Exchange) => Reply | Promise<Reply>;
  scopes: readonly Scope[];
};

const PATHS =
  /^\/v2\/(?<name>.+?)\/(?:tags\/(?<tags>list)|manifests\/(?<reference>[^/]+)|blobs\/uploads(?:\/(?<upload>[^/]*))?|blobs\/(?<blob>[^/]+)|referrers\/(?<subject>[^/]+))$/;

/** Finds the route; answers 404 for paths that are not of this API and 405 for methods that no endpoint has. */
export function routeOf(method: string, url: URL): Route {
  const path = decodePath(url.pathname);
  if (path === '/v2/' || path === '/v2') return { handle: () => jsonReply(200, {}), scopes: [] };
  if (path === '/v2/_catalog') {
    return { handle: only('GET', listRepositories), scopes: [{ type: 'registry', name: 'catalog', actions: ['*'] }] };
  }
  const { name, tags, reference, upload, blob, subject } = PATHS.exec(path)?.groups ?? {};
  if (name === undefined) throw refusal(404, 'UNSUPPORTED', `${path} is not part of the registry API`);
  const scopes = [{ type: 'repository', name, actions: actionsOf(method) }];
  const route = (handle: Route['handle']): Route => ({ repository: name, scopes, handle: withName(name, handle) });
  if (tags !== undefined) return route(only('GET', (parts, exchange) => listTags(parts, exchange, name)));
  if (reference !== undefined) return route((parts, exchange) => handleManifest(parts, exchange, name, reference));
  if (blob !== undefined) return route((parts, exchange) => handleBlob(parts, exchange, name, blob));
  if (subject !== undefined) {
    return route(only('GET', (parts, exchange) => listReferrers(parts, exchange, name, subject)));
  }
  if (upload) return route((parts, exchange) => continueUpload(parts, exchange, name, upload));
  const from = url.searchParams.get('from');
  const start = route(only('POST', (parts, exchange) => startUpload(parts, exchange, name)));
  if (from === null) return start;
  return { ...start, scopes: [...scopes, { type: 'repository', name: from, actions: ['pull'] }] };
}

/** CNCF distribution asks for the same: a push needs pull as well. */
function actionsOf(method: string): string[] {
  if (method === 'GET' || method === 'HEAD') return ['pull'];
  return method === 'DELETE' ? ['delete'] : ['pull', 'push'];
}

function withName(name: string, handle: Route['handle']): Route['handle'] {
  return (parts, exchange) => {
    checkRepository(name);
    const cancel = exchange.url.pathname.includes('/blobs/uploads/');
    if (exchange.method === 'DELETE' && !cancel && parts.options.deletes === false) {
      throw refusal(405, 'UNSUPPORTED', 'this registry deletes nothing');
    }
    return handle(parts, exchange);
  };
}

function only(method: string, handle: Route['handle']): Route['handle'] {
  return (parts, exchange) => {
    if (exchange.method === method || (method === 'GET' && exchange.method === 'HEAD')) return handle(parts, exchange);
    throw refusal(405, 'UNSUPPORTED', `${exchange.method} is not possible here`, { allow: method });
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
