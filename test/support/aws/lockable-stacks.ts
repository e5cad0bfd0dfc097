// moto's CloudFormation with the protection of stacks against their removal, which moto 5.2 has not: a server on loopback before it, that
// answers UpdateTerminationProtection, tells it with the stack, and passes on everything else. Objects can be refused, as by a policy.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateTerminationProtection.html
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { startBareServer } from '../bare-server.ts';

export type LockableStacks = {
  url: string;
  /** What UpdateTerminationProtection said of each stack, in order: `transship-prod true`. */
  changes: readonly string[];
  /** The next PUT of an object whose address ends so is denied. */
  refuseOnce(end: string): void;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startLockableStacks(behind: string): Promise<LockableStacks> {
  const changes: string[] = [];
  const refused = new Set<string>();
  const isLocked = (stack: string) =>
    changes.findLast((one) => one.startsWith(`${stack} `))?.endsWith(' true') === true;

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const sent = await buffer(request);
    const end = request.method === 'PUT' ? [...refused].find((one) => asPath(request.url).endsWith(one)) : undefined;
    if (end !== undefined) {
      refused.delete(end);
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
      return;
    }
    const asked = /\/cloudformation\/aws4_request/.test(request.headers.authorization ?? '')
      ? new URLSearchParams(sent.toString())
      : new URLSearchParams();
    const stack = asked.get('StackName') ?? '';
    if (asked.get('Action') === 'UpdateTerminationProtection') {
      changes.push(`${stack} ${asked.get('EnableTerminationProtection')}`);
      const result = `<UpdateTerminationProtectionResult><StackId>${stack}</StackId></UpdateTerminationProtectionResult>`;
      const body = `<UpdateTerminationProtectionResponse>${result}</UpdateTerminationProtectionResponse>`;
      response.writeHead(200, { 'content-type': 'text/xml' }).end(body);
      return;
    }
    const { status, headers, body } = await passOn(request, sent, behind);
    const told =
      asked.get('Action') === 'DescribeStacks'
        ? Buffer.from(body.toString().replaceAll(/(<EnableTerminationProtection>)[^<]*/g, `$1${isLocked(stack)}`))
        : body;
    const length = request.method === 'HEAD' ? {} : { 'content-length': told.length };
    response.writeHead(status, { ...headers, ...length }).end(told);
  }

  const server = await startBareServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const refuseOnce = (end: string) => void refused.add(end);
  return { url: server.url, changes, refuseOnce, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function asPath(url = '/'): string {
  return new URL(url, 'http://127.0.0.1').pathname;
}

async function passOn(
  { method, url, headers }: http.IncomingMessage,
  sent: Buffer,
  behind: string,
): Promise<{ status: number; headers: http.OutgoingHttpHeaders; body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const { 'transfer-encoding': _, ...rest } = headers;
  const options = { method, headers: { ...rest, 'content-length': sent.length } };
  http
    .request(new URL(url ?? '/', behind), options, resolve)
    .on('error', reject)
    .end(sent);
  const answer = await promise;
  const { 'transfer-encoding': __, ...told } = answer.headers;
  return { status: answer.statusCode ?? 500, headers: told, body: await buffer(answer) };
}
