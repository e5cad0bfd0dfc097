// Stands before moto and counts who asks AWS for what, with the units that DynamoDB would bill. It reads the items of a write before and after
// it, so it wants writes of the same items one after another.
import http from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { Item } from '../../infra/aws/dynamo/attributes.ts';
import { keyOf, queryUnits, readUnits, writeUnits } from './dynamo-units.ts';

export type AwsRequest = {
  /** The key that it was signed with. */
  accessKeyId: string;
  service: string;
  operation: string;
  writeUnits: number;
  readUnits: number;
};

export type CountedAws = AsyncDisposable & {
  url: string;
  /** Those since the last time. */
  take(): AwsRequest[];
};

type Sent = { method: string; target: string; headers: http.IncomingHttpHeaders; bytes: Buffer };
type Touched = { table: string; key: Item };
type Body = Record<string, unknown> & { TableName?: string; Key?: Item; Item?: Item; ConsistentRead?: boolean };
type Answered = { Item?: Item; Items?: Item[]; Responses?: Record<string, Item[]> };

export async function startCountedAws(moto: string): Promise<CountedAws> {
  let requests: AwsRequest[] = [];

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = request;
    const sent = { method, target, headers, bytes: await buffer(request) };
    const signed = /Credential=(?<key>[^/]+)\/\d+\/[^/]+\/(?<service>[^/]+)\//.exec(
      headers.authorization ?? '',
    )?.groups;
    const { key: accessKeyId = '', service = '' } = signed ?? {};
    const operation = String(headers['x-amz-target'] ?? method).replace(/^.*\./, '');
    const isDynamo = service === 'dynamodb';
    const body: Body = isDynamo ? JSON.parse(sent.bytes.toString()) : {};
    const touched = isDynamo ? writesOf(operation, body) : [];
    const before = await Promise.all(touched.map((one) => itemAt(sent, one)));
    const answer = await passOn(sent);
    const told = await buffer(answer);
    const after = await Promise.all(touched.map((one) => itemAt(sent, one)));
    const written = touched.map(({ table }, at) =>
      writeUnits(table, { before: before[at], after: after[at] }, operation === 'TransactWriteItems'),
    );
    requests.push({
      accessKeyId,
      service,
      operation,
      writeUnits: written.reduce((sum, one) => sum + one, 0),
      readUnits: isDynamo ? readOf(operation, body, JSON.parse(told.toString())) : 0,
    });
    response.writeHead(answer.statusCode ?? 500, answer.headers).end(told);
  }

  async function passOn({ method, target, headers, bytes }: Sent): Promise<http.IncomingMessage> {
    const request = http.request(new URL(target, moto), { method, headers: { ...headers, host: new URL(moto).host } });
    request.end(bytes);
    const [answer]: http.IncomingMessage[] = await once(request, 'response');
    if (answer === undefined) throw new Error('moto did not answer');
    return answer;
  }

  async function itemAt({ headers }: Sent, { table, key }: Touched): Promise<Item | undefined> {
    const { authorization = '' } = headers;
    const response = await fetch(moto, {
      method: 'POST',
      headers: { authorization, 'x-amz-target': 'DynamoDB_20120810.GetItem' },
      body: JSON.stringify({ TableName: table, Key: key, ConsistentRead: true }),
    });
    const { Item: item }: Answered = JSON.parse(await response.text());
    return item;
  }

  const server = http.createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    take() {
      const taken = requests;
      requests = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function writesOf(operation: string, body: Body): Touched[] {
  const one = ({ TableName = '', Key, Item: item }: Body): Touched => ({
    table: TableName,
    key: keyOf(Key ?? item ?? {}),
  });
  if (/^(?:Put|Update|Delete)Item$/.test(operation)) return [one(body)];
  if (operation === 'TransactWriteItems') {
    const { TransactItems } = body as { TransactItems?: Record<string, Body>[] };
    return (TransactItems ?? []).flatMap((item) => Object.values(item).map(one));
  }
  if (operation !== 'BatchWriteItem') return [];
  const { RequestItems } = body as { RequestItems?: Record<string, Record<string, Body>[]> };
  return Object.entries(RequestItems ?? {}).flatMap(([TableName, writes]) =>
    writes.flatMap((write) => Object.values(write).map((what) => one({ ...what, TableName }))),
  );
}

function readOf(operation: string, body: Body, { Item: item, Items = [], Responses = {} }: Answered): number {
  if (operation === 'GetItem') return readUnits(item === undefined ? [] : [item], 1);
  if (operation === 'Query') return queryUnits(Items, body.ConsistentRead === true);
  if (operation !== 'BatchGetItem') return 0;
  const { RequestItems } = body as { RequestItems?: Record<string, { Keys: Item[] }> };
  return Object.entries(RequestItems ?? {}).reduce(
    (sum, [table, { Keys }]) => sum + readUnits(Responses[table] ?? [], Keys.length),
    0,
  );
}
