// The Runtime API of one emulated execution environment, a server on loopback: the process inside asks it for the next event and answers.
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html; emulated as documented there, telemetry and extensions left out.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** As errors of functions are told: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
export type FunctionError = { errorType: string; errorMessage: string; trace?: readonly string[] };

type Invocation = {
  requestId: string;
  event: unknown;
  deadline: Date;
  functionArn: string;
  traceId: string;
};

export type RuntimeApi = {
  /** What the process finds in AWS_LAMBDA_RUNTIME_API. */
  host: string;
  /** Hands the invocation to the process; it must be waiting for one. */
  deliver(invocation: Invocation): void;
  close(): void;
};

export type RuntimeEvents = {
  /** The process asks for work: it is initialised, or the invocation before is over. */
  onNext(): void;
  onResponse(requestId: string, body: Buffer): void;
  onError(requestId: string, error: FunctionError): void;
  onInitError(error: FunctionError): void;
};

const PREFIX = '/2018-06-01/runtime';

export async function startRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const where = `${request.method} ${(request.url ?? '').slice(PREFIX.length)}`;
    if (where === 'GET /invocation/next') {
      waiting = response;
      events.onNext();
      return;
    }
    const body = await buffer(request);
    const [, requestId = '', kind] = /^POST \/invocation\/([^/]+)\/(response|error)$/.exec(where) ?? [];
    if (kind === 'response') events.onResponse(requestId, body);
    else if (kind === 'error') events.onError(requestId, errorIn(body));
    else if (where === 'POST /init/error') events.onInitError(errorIn(body));
    else return void response.writeHead(404).end();
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  }

  const server = createServer((request, response) => {
    // a process that was killed has left; its environment hears that from the process itself
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    deliver({ requestId, event, deadline, functionArn, traceId }) {
      if (waiting === undefined) throw new Error('the process waits for no event');
      waiting.writeHead(200, {
        'content-type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': requestId,
        'Lambda-Runtime-Deadline-Ms': String(deadline.getTime()),
        'Lambda-Runtime-Invoked-Function-Arn': functionArn,
        'Lambda-Runtime-Trace-Id': traceId,
      });
      waiting.end(JSON.stringify(event));
      waiting = undefined;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function errorIn(body: Buffer): FunctionError {
  const told: Partial<FunctionError> = JSON.parse(body.toString());
  return { errorType: told.errorType ?? 'Error', errorMessage: told.errorMessage ?? '', trace: told.trace ?? [] };
}
