// An API server of loopback that knows Namespaces and nothing else: for what happens to a server while its watches begin, end and begin
// anew. https://kubernetes.io/docs/reference/using-api/api-concepts/
import type http from 'node:http';
import { startBareServer, type BareServer } from './bare-server.ts';

export type NamespacesServer = BareServer & {
  /** A Namespace is there from now on; whoever watches is told. */
  create: (name: string) => void;
};

export async function startNamespacesServer(): Promise<NamespacesServer> {
  const names: string[] = [];
  const watches = new Set<http.ServerResponse>();
  const object = (name: string, version: number) => ({
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, uid: `uid-${name}`, resourceVersion: String(version) },
  });

  const server = await startBareServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const isWatch = url.searchParams.get('watch') === 'true';
    const [, , , kind, name] = url.pathname.split('/');
    const send = (status: number, body: object): unknown =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (isWatch) return follow(url, response);
    const index = url.pathname.split('/').length > 5 ? -1 : names.indexOf(name ?? '');
    if (request.method !== 'GET' || (name !== undefined && index < 0)) return send(404, status404());
    if (name !== undefined) return send(200, object(name, index + 1));
    const items = kind === 'namespaces' ? names.map((one, place) => object(one, place + 1)) : [];
    return send(200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: String(names.length) }, items });
  });

  function follow({ pathname, searchParams }: URL, response: http.ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    if (!pathname.endsWith('/namespaces')) return;
    watches.add(response);
    response.on('close', () => watches.delete(response));
    const seen = Number(searchParams.get('resourceVersion'));
    for (const [index, one] of names.entries()) if (index + 1 > seen) tell(response, one, index + 1);
  }

  function tell(response: http.ServerResponse, name: string, version: number): void {
    response.write(`${JSON.stringify({ type: 'ADDED', object: object(name, version) })}\n`);
  }

  return {
    ...server,
    create(name) {
      names.push(name);
      for (const response of watches) tell(response, name, names.length);
    },
  };
}

function status404(): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 404, reason: 'NotFound' };
}
