// The client of API servers against one that misbehaves: what is tried again, what is not, and what errors tell.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCluster } from '../../../shared/cluster/open-cluster.ts';
import { getNamespace } from '../../../shared/cluster/namespaces.ts';
import { isTransshipError } from '../../../shared/errors.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { answerJson, namespaceObject, startBareApiServer, statusOf } from '../../support/bare-api-server.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { freePort } from '../../support/servers.ts';

const ONE = namespaceObject('one');
const POST = { method: 'POST', path: '/api/v1/namespaces/one/secrets', body: { kind: 'Secret' } } as const;
const GET = { method: 'GET', path: '/api/v1/namespaces/one' } as const;

describe('a read that fails on the way', () => {
  it.each([
    ['500', (response) => answerJson(response, 500, statusOf(500, 'InternalError', 'etcd is away'))],
    ['503 of a load balancer', (response) => response.writeHead(503).end('<html>no backend</html>')],
    ['429 without a time', (response) => answerJson(response, 429, {}, { 'retry-after': '0' })],
    ['a cut connection', (response) => response.destroy()],
    ['half an answer', (response) => response.writeHead(200, { 'content-length': '1000' }).write('{"kind":')],
    ['no answer in time', () => undefined],
  ] satisfies [string, (response: Parameters<typeof answerJson>[0]) => unknown][])(
    'is tried again: %s',
    async (_name, fail) => {
      await using api = await startBareApiServer((_request, response, count) =>
        count < 3 ? fail(response) : answerJson(response, 200, ONE),
      );
      expect(await getNamespace(api.cluster, 'one')).toMatchObject({ name: 'one' });
      expect(api.requests).toHaveLength(3);
    },
  );

  it('is given up after five tries, with what the server said', async () => {
    await using api = await startBareApiServer((_request, response) =>
      answerJson(response, 500, statusOf(500, 'InternalError', 'etcd is away')),
    );
    const error = await rejectionOf(api.cluster.send(GET));
    expect(error).toMatchObject({ code: 'cluster-unavailable', retryable: true });
    expect(error.message).toBe('cluster bare: get namespaces one failed: 500 InternalError: etcd is away');
    expect(api.requests).toHaveLength(5);
  });

  it.each([
    [400, 'object-refused'],
    [403, 'denied'],
    [404, 'not-found'],
    [409, 'object-conflict'],
    [410, 'list-expired'],
    [422, 'object-refused'],
  ] as const)('is not tried again where the answer is final: %d', async (status, code) => {
    await using api = await startBareApiServer((_request, response) =>
      answerJson(response, status, statusOf(status, 'Reason', 'because')),
    );
    await expect(api.cluster.send(GET)).rejects.toMatchObject({ code, details: { status, reason: 'Reason' } });
    expect(api.requests).toHaveLength(1);
  });
});

describe('a review', () => {
  it.each([
    ['/apis/authentication.k8s.io/v1/tokenreviews', 2],
    ['/apis/authorization.k8s.io/v1/subjectaccessreviews', 2],
    ['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 2],
    ['/apis/acme.io/v1/subjectaccessreviews', 1],
    ['/apis/authorization.k8s.io/v1/namespaces/one/others', 1],
  ])('only asks, and is tried again like a read: %s', async (path, requests) => {
    await using api = await startBareApiServer((_request, response, count) =>
      answerJson(response, count === 1 ? 503 : 201, { kind: 'Answer', metadata: {} }),
    );
    const asked = api.cluster.send({ method: 'POST', path, body: {} });
    expect(
      await asked.then(
        () => 'answered',
        () => 'failed',
      ),
    ).toBe(requests === 2 ? 'answered' : 'failed');
    expect(api.requests).toHaveLength(requests);
  });
});

describe('a write', () => {
  it.each([
    ['500', (response) => answerJson(response, 500, {}), 'cluster-unavailable'],
    ['503', (response) => answerJson(response, 503, {}, { 'retry-after': '1' }), 'cluster-unavailable'],
    ['504', (response) => answerJson(response, 504, {}), 'cluster-unavailable'],
    ['a cut connection', (response) => response.destroy(), 'connection-failed'],
    ['no answer in time', () => undefined, 'timeout'],
  ] satisfies [string, (response: Parameters<typeof answerJson>[0]) => unknown, string][])(
    'is not sent twice where it may have been done: %s',
    async (_name, fail, code) => {
      await using api = await startBareApiServer((_request, response) => fail(response));
      await expect(api.cluster.send(POST)).rejects.toMatchObject({ code, retryable: true });
      expect(api.requests).toHaveLength(1);
    },
  );

  it('is sent again where it was refused for want of room', async () => {
    await using api = await startBareApiServer((_request, response, count) =>
      count === 1 ? answerJson(response, 429, {}, { 'retry-after': '0' }) : answerJson(response, 201, ONE),
    );
    await expect(api.cluster.send(POST)).resolves.toMatchObject({ kind: 'Namespace' });
    expect(api.requests).toHaveLength(2);
  });

  it('is tried again where nobody listened', async () => {
    const port = await freePort();
    let tried = 0;
    const cluster = await openCluster(
      { name: 'gone', server: `http://127.0.0.1:${port}`, token: { env: 'T' }, limits: {} },
      {
        env: {},
        userAgent: 'transship/test',
        readSecret: () => Promise.resolve(new Secret(`canary-${++tried}`)),
        retries: { firstDelayMs: 1, longestDelayMs: 1 },
      },
    );
    const error = await rejectionOf(cluster.send(POST));
    expect(error).toMatchObject({ code: 'connection-failed', retryable: true });
    expect(error.message).toBe(
      `cluster gone: POST secrets in namespace one failed: 127.0.0.1:${port}: connection refused`,
    );
    expect(tried).toBe(5);
    await cluster.close();
  });
});

describe('a server that asks to wait', () => {
  it('is left alone by all requests for as long as it asks', async () => {
    const times: number[] = [];
    await using api = await startBareApiServer((_request, response, count) => {
      times.push(performance.now());
      return count === 1 ? answerJson(response, 429, {}, { 'retry-after': '1' }) : answerJson(response, 200, ONE);
    });
    await api.cluster.send(GET);
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(990);
  });

  it('gets no second request where it asks for longer than anybody waits, and whoever asks is told when to come', async () => {
    await using api = await startBareApiServer((_request, response) =>
      answerJson(response, 429, statusOf(429, 'TooManyRequests', 'later'), { 'retry-after': '30' }),
    );
    await expect(api.cluster.send(GET)).rejects.toMatchObject({ code: 'too-many-requests', retryAfterMs: 30_000 });
    const held = await rejectionOf(api.cluster.send(GET));
    expect(held).toMatchObject({ code: 'too-many-requests', retryable: true });
    expect(held.retryAfterMs).toBeGreaterThan(28_000);
    expect(api.requests).toHaveLength(1);
  });
});

describe('who we are', () => {
  it('is read anew for each request, and once more where it is refused', async () => {
    const tokens = ['canary-old', 'canary-old', 'canary-new'];
    await using api = await startBareApiServer(
      ({ headers }, response) =>
        headers.authorization === 'Bearer canary-new'
          ? answerJson(response, 200, ONE)
          : answerJson(response, 401, statusOf(401, 'Unauthorized', 'Unauthorized')),
      { readSecret: () => Promise.resolve(new Secret(tokens.shift() ?? 'canary-new')) },
    );
    const error = await rejectionOf(api.cluster.send(GET));
    expect(error).toMatchObject({ code: 'unauthorized', retryable: false });
    expect(api.requests).toHaveLength(2);
    await expect(api.cluster.send(POST)).resolves.toMatchObject({ kind: 'Namespace' });
  });

  it('goes nowhere else: redirects are not followed', async () => {
    await using other = await startBareApiServer((_request, response) => answerJson(response, 200, ONE));
    await using api = await startBareApiServer((_request, response) =>
      response.writeHead(307, { location: `${other.url}/api/v1/namespaces/one` }).end(),
    );
    await expect(api.cluster.send(GET)).rejects.toMatchObject({
      code: 'invalid-response',
      hint: expect.stringContaining('redirects are not followed'),
    });
    expect(other.requests).toHaveLength(0);
  });

  it('and what it writes stand in no error', async () => {
    const [token, body] = ['token', 'body'].map((what) => `canary-${what}-${randomBytes(12).toString('hex')}`);
    const echo = statusOf(422, 'Invalid', `Secret "x" is invalid: data: Invalid value: "${body}"`);
    await using api = await startBareApiServer((_request, response) => answerJson(response, 422, echo), {
      token: token ?? '',
    });
    const error = await rejectionOf(api.cluster.send({ ...POST, body: { data: { key: body } } }));
    const told = JSON.stringify([error.message, error.hint, error.details, String(error.cause), error.stack]);
    expect(told).toContain('422 Invalid');
    expect(told).not.toContain(body);
    expect(told).not.toContain(token);
  });
});

describe('answers that no API server gives', () => {
  it.each([
    ['a login page', 200, '<html>log in</html>'],
    ['nothing', 200, ''],
    ['a list', 200, '[]'],
    ['a text', 200, '"x"'],
  ])('are refused: %s', async (_name, status, body) => {
    await using api = await startBareApiServer((_request, response) => response.writeHead(status).end(body));
    await expect(api.cluster.send(GET)).rejects.toMatchObject({ code: 'invalid-response' });
  });

  it('are not read for ever', async () => {
    let written = 0;
    await using api = await startBareApiServer((_request, response) => {
      response.writeHead(200);
      const fill = (): void => {
        while (!response.destroyed) {
          written += 1 << 20;
          if (!response.write(Buffer.alloc(1 << 20, 32))) break;
        }
      };
      response.on('drain', fill);
      fill();
    });
    await expect(api.cluster.send(GET)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(written).toBeLessThan(200 * (1 << 20));
  });

  it('are no objects without the members that each has', async () => {
    await using api = await startBareApiServer((_request, response) =>
      answerJson(response, 200, { metadata: { name: 'one' } }),
    );
    await expect(getNamespace(api.cluster, 'one')).rejects.toMatchObject({ code: 'invalid-response' });
  });
});

it('keeps to the limit of requests at a time', async () => {
  let [open, most] = [0, 0];
  const waiting: (() => void)[] = [];
  await using api = await startBareApiServer(
    (_request, response) => {
      most = Math.max(most, ++open);
      waiting.push(() => {
        open -= 1;
        answerJson(response, 200, ONE);
      });
      if (waiting.length === 3) for (const answer of waiting.splice(0)) answer();
    },
    { concurrency: 3 },
  );
  await Promise.all(Array.from({ length: 12 }, () => api.cluster.send(GET)));
  expect(most).toBe(3);
});

it('stops at once when its signal says so, also while it waits its turn', async () => {
  const controller = new AbortController();
  await using api = await startBareApiServer(() => controller.abort(), { concurrency: 1 });
  const sent = [
    api.cluster.send({ ...GET, signal: controller.signal }),
    api.cluster.send({ ...GET, signal: controller.signal }),
  ];
  const ended = await Promise.allSettled(sent);
  expect(ended.map((end) => end.status === 'rejected' && isTransshipError(end.reason, 'interrupted'))).toEqual([
    true,
    true,
  ]);
  expect(api.requests).toHaveLength(1);
});

it('is interrupted when it is closed', async () => {
  await using api = await startBareApiServer(() => void api.cluster.close());
  await expect(api.cluster.send(GET)).rejects.toMatchObject({ code: 'interrupted' });
});

it('shows the time of the server', async () => {
  const theirs = new Date('2030-01-01T00:00:00Z');
  await using api = await startBareApiServer((_request, response) =>
    answerJson(response, 200, ONE, { date: theirs.toUTCString() }),
  );
  expect(Math.abs(api.cluster.now().getTime() - Date.now())).toBeLessThan(5_000);
  await api.cluster.send(GET);
  expect(Math.abs(api.cluster.now().getTime() - theirs.getTime())).toBeLessThan(5_000);
});

it('uses one connection for request after request', async () => {
  const ports = new Set<number | undefined>();
  await using api = await startBareApiServer((request, response) => {
    ports.add(request.socket.remotePort);
    answerJson(response, 200, ONE);
  });
  for (let times = 0; times < 5; times += 1) await api.cluster.send(GET);
  expect(ports.size).toBe(1);
});
