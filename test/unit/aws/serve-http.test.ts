// The handler of the functions that API Gateway calls: there is an answer in time, whatever happens.
import { expect, test } from 'vitest';
import { httpHandler } from '../../../infra/aws/host/http/serve-http.ts';
import type { HttpEvent } from '../../../infra/aws/host/http/read-request.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';

const event: HttpEvent = {
  rawPath: '/v1/jobs',
  rawQueryString: '',
  headers: { 'x-forwarded-for': '198.51.100.1' },
  isBase64Encoded: false,
  requestContext: {
    domainName: 'api.example.com',
    stage: '$default',
    http: { method: 'GET', sourceIp: '203.0.113.9' },
  },
};

const invocation = (leftMs = 29_000) => ({ awsRequestId: 'r1', getRemainingTimeInMillis: () => leftMs });

const open = {
  logger: silentLogger,
  invoke: <Result>(_: unknown, work: (deps: undefined) => Promise<Result>) => work(undefined),
};

type Fetch = Parameters<typeof httpHandler>[1]['fetch'];

const answerOf = (fetch: Fetch, leftMs?: number) => httpHandler(open, { fetch })(event, invocation(leftMs));

test('who asks is told by API Gateway, not by the client', async () => {
  const peers: unknown[] = [];
  const answer = await answerOf((_, { peer }) => {
    peers.push(peer);
    return new Response('yes');
  });
  expect(answer).toMatchObject({ statusCode: 200, body: 'yes' });
  expect(peers).toEqual([{ address: '203.0.113.9', isOwner: false }]);
});

test('without a configuration the answer is 503, and says nothing of why', async () => {
  const secretive = () => Promise.reject(new TransshipError('invalid-config', 'transship.yaml:3:5: private details'));
  const handler = httpHandler({ logger: silentLogger, invoke: secretive }, { fetch: () => new Response('no') });
  const answer = await handler(event, invocation());
  expect(answer.statusCode).toBe(503);
  expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '10' });
  expect(answer.body).not.toContain('private');
});

test('what waits is called off in time to say so itself', async () => {
  const answer = await answerOf(
    (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener('abort', () => resolve(new Response('called off', { status: 503 })));
      }),
    4010,
  );
  expect(answer).toMatchObject({ statusCode: 503, body: 'called off' });
});

test('what does not end at all is 504 before the function is killed', async () => {
  const answer = await answerOf(() => new Promise(() => undefined), 1010);
  expect(answer.statusCode).toBe(504);
  expect(JSON.parse(answer.body ?? '')).toMatchObject({ status: 504, code: 'timeout' });
});

test('a configuration that does not come in time is 504, too, and nothing is begun when it comes', async () => {
  const { promise: configured, resolve } = Promise.withResolvers<void>();
  let late: Promise<unknown> | undefined;
  const invoke = <Result>(_: unknown, work: (deps: undefined) => Promise<Result>): Promise<Result> => {
    const result = configured.then(() => work(undefined));
    late = result;
    return result;
  };
  const begun: string[] = [];
  const fetch: Fetch = ({ url }) => {
    begun.push(url);
    return new Response('no');
  };
  expect(await httpHandler({ ...open, invoke }, { fetch })(event, invocation(1010))).toMatchObject({ statusCode: 504 });
  resolve();
  await late;
  expect(begun).toEqual([]);
});

test('a stream that does not end is 504, too', async () => {
  const answer = await answerOf(() => new Response(new ReadableStream()), 1010);
  expect(answer.statusCode).toBe(504);
});

test('what fails outside of the application is 500, and stands in the log', async () => {
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void lines.push(message) };
  const { requestContext } = event;
  const traced = { ...event, requestContext: { ...requestContext, http: { ...requestContext.http, method: 'TRACE' } } };
  const handler = httpHandler({ ...open, logger }, { fetch: () => new Response('never') });
  expect(await handler(traced, invocation())).toMatchObject({ statusCode: 500 });
  const broken = new ReadableStream({ pull: () => Promise.reject(new Error('broken')) });
  const answer = await httpHandler({ ...open, logger }, { fetch: () => new Response(broken) })(event, invocation());
  expect(answer.statusCode).toBe(500);
  expect(lines).toEqual(['a request failed', 'a request failed']);
});

test('an answer that is larger than Lambda takes is a problem, not a broken connection', async () => {
  const answer = await answerOf(() => new Response('x'.repeat(6_100_000)));
  expect(answer.statusCode).toBe(500);
  expect(JSON.parse(answer.body ?? '')).toMatchObject({ detail: 'the answer is larger than this host can give' });
});
