// A bare HTTP server on loopback for what no registry, not even a broken one, would do: each test writes its own answers.
import http from 'node:http';
import { once } from 'node:events';

export type BareServer = {
  host: string;
  url: string;
  requests: { method: string; path: string; headers: http.IncomingHttpHeaders }[];
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startBareServer(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => unknown,
): Promise<BareServer> {
  const requests: BareServer['requests'] = [];
  const server = http.createServer((request, response) => {
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers });
    response.on('error', () => undefined);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    host,
    url: `http://${host}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
