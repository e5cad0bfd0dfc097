// A server before another one on loopback: answers some requests itself, as the vendor that it plays would, and passes the others on.
import http from 'node:http';
import { once } from 'node:events';

export type Front = {
  host: string;
  /** `METHOD path` of what came, in order. */
  requests: string[];
  [Symbol.asyncDispose](): Promise<void>;
};

/** Resolves to true where it answered. */
export type Intercept = (request: http.IncomingMessage, response: http.ServerResponse) => Promise<boolean>;

export async function startFront(behind: { host: string }, intercept: Intercept): Promise<Front> {
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    intercept(request, response).then(
      (answered) => (answered ? undefined : passOn(behind, request, response)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(behind: { host: string }, request: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, url: path, headers } = request;
  const [host, port] = behind.host.split(':');
  const onward = http.request({ host, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
