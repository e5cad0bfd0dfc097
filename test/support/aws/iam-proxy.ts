// AWS with IAM switched on, before moto, which checks nothing: each call of a function is held to the policies of its role in the packaged
// template, and what they do not allow is denied as the service itself would. It knows a function by its access key, and writes down what was
// asked for. Who assumed a role is let through: the role belongs to others.
import http from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { allowing, type IamNeed } from './iam-policy.ts';
import { readRequest, type AwsRequest, type ReadRequest } from './iam-request.ts';
import type { RolePolicies } from './iam-roles.ts';

type IamRecord = IamNeed & {
  /** The name of the function. */
  caller: string;
  isAllowed: boolean;
};

export type IamProxy = {
  url: string;
  /** What holds from now on; before, nothing is allowed. */
  adopt(policies: RolePolicies): void;
  /** Whether the role of a function allows it; it is written down, as a call is. For interfaces of AWS that are none of its APIs. */
  judge(caller: string, need: IamNeed): boolean;
  /** Each once, in the order in which they came first. */
  records(): readonly IamRecord[];
  /** Calls that nobody could read, in words. */
  strangers(): readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
};

export type IamProxyOptions = {
  account: string;
  /** Where calls go that are allowed, by the service. */
  behind(service: string): string;
  /** The name of the function that a key belongs to. */
  callerOf(accessKeyId: string): string | undefined;
  /** Changes an answer on its way back. */
  rewrite?(call: { caller: string; service: string; operation: string }, body: Buffer): Buffer;
};

export async function startIamProxy(options: IamProxyOptions): Promise<IamProxy> {
  let policies: RolePolicies = new Map();
  const records = new Map<string, IamRecord>();
  const strangers: string[] = [];
  /** Keys that STS gave to somebody who may assume a role. */
  const assumed = new Set<string>();

  function judge(caller: string, need: IamNeed): boolean {
    const isAllowed = allowing(policies.get(caller) ?? [], need).length > 0;
    const record = { caller, ...need, isAllowed };
    const key = JSON.stringify(record);
    if (!records.has(key)) records.set(key, record);
    return isAllowed;
  }

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const { method = '', url: target = '', headers } = request;
    const sent = { method, target, headers, body: bytes.toString() };
    const read = readRequest(sent, options.account);
    const { accessKeyId, service, operation, needs } = read;
    const caller = options.callerOf(accessKeyId);
    if (caller === undefined && !assumed.has(accessKeyId)) throw new Error(`nobody has the key ${accessKeyId}`);
    const denied = caller === undefined ? undefined : needs.filter((need) => !judge(caller, need))[0];
    if (denied !== undefined) return deny(response, read, denied, caller ?? '');
    const passed = await passOn(options.behind(service), sent, bytes);
    const told = await buffer(passed);
    if (service === 'sts') for (const key of keysIn(told.toString())) assumed.add(key);
    const body = options.rewrite?.({ caller: caller ?? '', service, operation }, told) ?? told;
    const { 'transfer-encoding': _, ...rest } = passed.headers;
    response.writeHead(passed.statusCode ?? 500, { ...rest, 'content-length': body.length }).end(body);
  }

  const server = http.createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      strangers.push(String(error));
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    adopt: (next) => void (policies = next),
    judge,
    records: () => [...records.values()],
    strangers: () => strangers,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function keysIn(xml: string): string[] {
  return [...xml.matchAll(/<AccessKeyId>([^<]+)</g)].map(([, key = '']) => key);
}

async function passOn(behind: string, { method, target, headers }: AwsRequest, body: Buffer) {
  const request = http.request(new URL(target, behind), {
    method,
    headers: { ...headers, host: new URL(behind).host },
  });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  return answer;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function deny(response: http.ServerResponse, { form }: ReadRequest, need: IamNeed, caller: string): void {
  const { action, resource } = need;
  const message = `User: arn:aws:sts::123456789012:assumed-role/${caller}/${caller} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  if (form === 's3') {
    response.writeHead(403, { 'content-type': 'application/xml' });
    return void response.end(`<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`);
  }
  if (form === 'query') {
    response.writeHead(403, { 'content-type': 'text/xml' });
    const error = `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
    return void response.end(`<ErrorResponse>${error}</ErrorResponse>`);
  }
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': 'AccessDeniedException' };
  response.writeHead(form === 'json' ? 400 : 403, headers);
  response.end(JSON.stringify({ __type: 'AccessDeniedException', message }));
}
