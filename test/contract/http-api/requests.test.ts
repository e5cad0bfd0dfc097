// What holds for requests of every kind: problem documents, methods, types, sizes, rates, headers and the log.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '../../../functions/http-api/problem.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { HOOK_SECRET, configOf, CONFIG, openApiBed, REMOTE, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

let bed: ApiBed<ManualClock>;
let token: string;
let failure: Error | undefined;
let unready: string | undefined;

beforeAll(async () => {
  bed = await openApiBed({ readiness: () => unready });
  const jobs = { ...bed.store.jobs };
  bed.store.jobs.list = async (...args) => {
    if (failure !== undefined) throw failure;
    return jobs.list(...args);
  };
  token = await bed.token();
});

beforeEach(() => {
  failure = undefined;
  unready = undefined;
  // a new minute for the limit of requests
  bed.clock.step(60_000);
});

afterAll(() => bed.close());

describe('errors', () => {
  it.each([
    ['/v1/nothing', 404],
    ['/v1/jobs/none', 404],
    ['/v1/jobs?limit=none', 422],
    ['/v1/jobs?state=none', 422],
    ['/v1/jobs?unknown=1', 422],
    ['/v1/jobs?limit=1&limit=2', 422],
    ['/v1/jobs?__proto__=1', 422],
    ['/v1/jobs?constructor=1&toString=1', 422],
    ['/v1/jobs/%00', 404],
    ['/v1/jobs/%ff%2f..', 404],
    ['/v1/jobs/__proto__', 404],
  ])('are problem documents: %s', async (path, status) => {
    const answer = await bed.ask(path, { token });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = problemSchema.parse(await answer.json());
    expect(problem).toMatchObject({ status, requestId: answer.headers.get('x-request-id') });
  });

  it('say which parameter is wrong', async () => {
    const answer = await bed.ask('/v1/jobs?limit=1000&unknown=1', { token });
    expect(await answer.json()).toMatchObject({ errors: [{ parameter: 'limit' }, { parameter: 'unknown' }] });
  });

  it('tell nothing of what went wrong inside, but the log does', async () => {
    failure = new Error('SELECT secret FROM inside');
    const answer = await bed.ask('/v1/jobs', { token });
    expect(answer.status).toBe(500);
    const problem = problemSchema.parse(await answer.json());
    expect(JSON.stringify(problem)).not.toContain('inside');
    const line = bed.lines.findLast(({ level }) => level === 'error');
    expect(line?.fields).toMatchObject({ request_id: problem.requestId, err: failure });
  });

  it('ask to come again when the store cannot be used', async () => {
    failure = new TransshipError('store-unavailable', 'the disk is full', { retryable: true, retryAfterMs: 4200 });
    const answer = await bed.ask('/v1/jobs', { token });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  });

  it('do not repeat what looks like a secret', async () => {
    failure = new TransshipError(
      'registry-error',
      'https://user:hunter2@registry.example.com/v2/?sig=signature-of-blob said no',
    );
    const answer = await bed.ask('/v1/jobs', { token });
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toMatch(/hunter2|signature-of-blob/);
  });
});

describe('methods', () => {
  it('answers HEAD as GET, without a body', async () => {
    for (const path of ['/livez', '/v1/jobs', '/docs', '/openapi.json']) {
      const answer = await bed.ask(path, { method: 'HEAD', token });
      expect([path, answer.status, await answer.text()]).toEqual([path, 200, '']);
    }
  });

  it.each([
    ['DELETE', '/v1/jobs', 'GET, HEAD'],
    ['GET', '/v1/mirrors', 'POST'],
    ['PATCH', '/v1/api-tokens', 'GET, HEAD, POST'],
    ['OPTIONS', '/v1/jobs', 'GET, HEAD'],
    ['HEAD', '/v1/mirrors', 'POST'],
    ['PROPFIND', '/livez', 'GET, HEAD'],
  ])('tells %s %s which ones there are', async (method, path, allow) => {
    const answer = await bed.ask(path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  });
});

describe('types', () => {
  it('answers 406 where it cannot answer what is accepted', async () => {
    expect((await bed.ask('/v1/jobs', { token, headers: { accept: 'text/html' } })).status).toBe(406);
    expect((await bed.ask('/docs', { headers: { accept: 'application/json' } })).status).toBe(406);
    const headers = { accept: 'text/html, application/xhtml+xml, */*;q=0.8' };
    expect((await bed.ask('/v1/jobs', { token, headers })).status).toBe(200);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'takes no body of type "%s"',
    async (type) => {
      const ask = { method: 'POST', token, body: '{}', headers: { 'content-type': type } };
      expect((await bed.ask('/v1/mirrors', ask)).status).toBe(415);
    },
  );

  it('takes no encoded body', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect((await bed.ask('/v1/mirrors', { method: 'POST', token, body: '{}', headers })).status).toBe(415);
  });

  it.each([
    ['not JSON', '{'],
    ['too deep', '['.repeat(1000)],
    ['no UTF-8', new Uint8Array([0xff])],
    ['nothing', ''],
  ])('answers 400 to a body that is %s', async (_, body) => {
    const answer = await bed.ask('/v1/mirrors', { method: 'POST', token, body });
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ code: 'invalid-json' })]);
  });

  it('answers 413 to a body of more than 256 KiB', async () => {
    const body = JSON.stringify({ source: 'x'.repeat(256 * 1024) });
    expect((await bed.ask('/v1/mirrors', { method: 'POST', token, body })).status).toBe(413);
  });
});

it.each(['/v1/mirrors', '/hooks/distribution/src'])(
  'says 400 to a client that goes in the middle of its body: %s',
  async (path) => {
    bed.lines.length = 0;
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
    const authorization = path.startsWith('/hooks') ? HOOK_SECRET : `Bearer ${token}`;
    const headers = { 'content-type': 'application/json', authorization };
    const request = new Request(`http://localhost${path}`, { method: 'POST', body, duplex: 'half', headers });
    expect((await bed.app.fetch(request, {})).status).toBe(400);
    expect(bed.lines.filter(({ level }) => level === 'error')).toEqual([]);
  },
);

describe('the rate', () => {
  it('is held per client, and told', async () => {
    const config = configOf(CONFIG.replace('api:\n', 'api:\n  rateLimit: 6/min\n'));
    const slow = await openApiBed({}, config);
    const statuses = [];
    for (let request = 0; request < 7; request += 1) statuses.push((await slow.ask('/v1/jobs')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429]);
    const refused = await slow.ask('/nothing');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await slow.ask('/v1/jobs', { peer: { ...REMOTE, address: '203.0.113.10' } })).status).toBe(401);
    expect((await slow.ask('/livez')).status).toBe(200);
    expect((await slow.ask('/hooks/distribution/src', { method: 'POST', body: {} })).status).toBe(401);
    expect((await slow.ask('/v1/jobs', { peer: { address: '', isOwner: true } })).status).toBe(200);
    slow.clock.step(10_000);
    expect((await slow.ask('/v1/jobs')).status).toBe(401);
    expect((await slow.ask('/v1/jobs')).status).toBe(429);
    await slow.close();
  });
});

describe('answers', () => {
  it.each(['/livez', '/v1/jobs', '/nothing', '/docs'])('say what browsers may do with them: %s', async (path) => {
    const { headers } = await bed.ask(path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('are told in the log with who asked, and without the query', async () => {
    const answer = await bed.ask('/v1/jobs?state=none&secret=hunter2', { token });
    const { fields } = bed.lines.findLast(({ message }) => message === 'request')!;
    expect(fields).toMatchObject({ method: 'GET', path: '/v1/jobs', status: 422, client: 'api-token/t1' });
    expect(fields['request_id']).toBe(answer.headers.get('x-request-id'));
    expect(JSON.stringify(bed.lines)).not.toContain('hunter2');
    expect(JSON.stringify(bed.lines)).not.toContain(token);
  });
});

it('tells probes at the level debug, unless they are refused', async () => {
  bed.lines.length = 0;
  for (const path of ['/livez', '/readyz', '/v1/jobs']) await bed.ask(path, { token });
  unready = 'the disk is full';
  await bed.ask('/readyz');
  unready = undefined;
  const told = bed.lines.filter(({ message }) => message === 'request');
  expect(told.map(({ level, fields }) => `${level} ${String(fields['path'])}`)).toEqual([
    'debug /livez',
    'debug /readyz',
    'info /v1/jobs',
    'warn /readyz',
  ]);
});

it('is alive until the host says that only a restart helps', async () => {
  let broken = '';
  const other = await openApiBed({ brokenReason: () => broken || undefined });
  expect((await other.ask('/livez')).status).toBe(200);
  broken = 'the file is damaged';
  const answer = await other.ask('/livez');
  expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ detail: broken })]);
  await other.close();
});

it('is ready unless the host says why not', async () => {
  expect((await bed.ask('/readyz')).status).toBe(200);
  unready = 'the disk is full';
  const answer = await bed.ask('/readyz');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ detail: 'the disk is full' });
  expect((await bed.ask('/livez')).status).toBe(200);
});

it('shows its reference as a page without scripts', async () => {
  const answer = await bed.ask('/docs');
  const page = await answer.text();
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\bon\w+=|\bsrc=|style=/);
  const style = /<style>([^]*)<\/style>/.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(answer.headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
  const { paths } = (await (await bed.ask('/openapi.json')).json()) as { paths: Record<string, unknown> };
  for (const path of Object.keys(paths)) expect(page).toContain(path);
});
