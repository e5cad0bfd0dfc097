// Requests and answers between API Gateway and the API: no byte of a body is another one, and nothing that a client writes is believed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequest, type HttpEvent } from '../../../infra/aws/host/http/read-request.ts';
import { writeAnswer } from '../../../infra/aws/host/http/write-answer.ts';

type Given = Partial<Omit<HttpEvent, 'requestContext'>> & { method?: string; stage?: string };

function eventOf({ method = 'GET', stage = '$default', ...given }: Given = {}): HttpEvent {
  return {
    rawPath: '/',
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: { domainName: 'api.example.com', stage, http: { method, sourceIp: '203.0.113.9' } },
    ...given,
  };
}

const read = (given: Given): Request => readRequest(eventOf(given), new AbortController().signal);

describe('a request', () => {
  it.each<[string, Given, string]>([
    [
      'a path and a query',
      { rawPath: '/v1/jobs', rawQueryString: 'limit=2&kind=a&kind=b' },
      '/v1/jobs?limit=2&kind=a&kind=b',
    ],
    ['nothing', { rawPath: '' }, '/'],
    ['the name of the stage', { rawPath: '/prod/v1/jobs', stage: 'prod' }, '/v1/jobs'],
    ['only the stage', { rawPath: '/prod', stage: 'prod' }, '/'],
    ['a path that begins like the stage', { rawPath: '/production/x', stage: 'prod' }, '/production/x'],
    ['what API Gateway decoded', { rawPath: '/v1/a b/é?#%' }, '/v1/a%20b/%C3%A9%3F%23%25'],
    ['what is escaped already', { rawPath: '/v1/a%20b%2Fc' }, '/v1/a%20b%2Fc'],
    ['two slashes', { rawPath: '//evil.example.com/x' }, '//evil.example.com/x'],
    [
      'a query with anything in it',
      { rawPath: '/x', rawQueryString: 'scope=repository:a/b:pull,push&q=%ZZ#é' },
      '/x?scope=repository:a/b:pull,push&q=%25ZZ%23%C3%A9',
    ],
    ['half of a character', { rawPath: '/\ud800' }, '/%EF%BF%BD'],
  ])('keeps its address with %s', (_, given, expected) => {
    const { href, origin } = new URL(read(given).url);
    expect(origin).toBe('https://api.example.com');
    expect(href.slice(origin.length)).toBe(expected);
  });

  it('keeps its headers, whatever their case, and its cookies', () => {
    const { headers } = read({
      headers: { 'X-Event-Key': 'one,two', authorization: 'Bearer x', 'x-name': 'é', 'user-agent': undefined },
      cookies: ['a=1', 'b=2'],
    });
    expect(Object.fromEntries(headers)).toEqual({
      'x-event-key': 'one,two',
      authorization: 'Bearer x',
      'x-name': Buffer.from('é').toString('latin1'),
      cookie: 'a=1; b=2',
    });
  });

  it('loses headers that no server would take, and those of another connection', () => {
    const { headers } = read({
      headers: {
        'x-a': 'a\r\nx-b: b',
        'bad name': 'x',
        'x-zero': 'a\0b',
        connection: 'close',
        'transfer-encoding': 'chunked',
      },
    });
    expect([...headers]).toEqual([]);
  });

  it.each<[string, Given, string | null]>([
    ['the bytes that came', { method: 'POST', body: 'é', headers: { 'content-length': '1' } }, '2'],
    ['the bytes behind base64', { method: 'POST', body: 'AAEC', isBase64Encoded: true }, '3'],
    ['nothing where that was said', { method: 'POST', headers: { 'content-length': '0' } }, '0'],
    ['nothing that nobody said', { method: 'POST' }, null],
  ])('says the length of %s', (_, given, length) => {
    expect(read(given).headers.get('content-length')).toBe(length);
  });

  it('has no body for GET and HEAD, whatever came', () => {
    for (const method of ['GET', 'HEAD']) expect(read({ method, body: 'x' }).body).toBeNull();
  });

  it('keeps every byte of its body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const body = Buffer.from(bytes).toString('base64');
        const request = read({ method: 'POST', body, isBase64Encoded: true });
        expect(new Uint8Array(await request.arrayBuffer())).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it('keeps every text of its body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (body) => {
        const bytes = new Uint8Array(await read({ method: 'PUT', body }).arrayBuffer());
        expect(Buffer.from(bytes).equals(Buffer.from(body, 'utf8'))).toBe(true);
      }),
    );
  });

  it('can be read for any path, query and headers', () => {
    const text = fc.array(fc.nat(0xffff), { maxLength: 12 }).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(
        text,
        text,
        fc.dictionary(text, text, { maxKeys: 4 }),
        fc.array(fc.constantFrom('a=1', 'b=')),
        (path, query, headers, cookies) => {
          const request = read({ rawPath: `/${path}`, rawQueryString: query, headers, cookies });
          expect(new URL(request.url).origin).toBe('https://api.example.com');
        },
      ),
    );
  });
});

describe('an answer', () => {
  it('is text where it is text, with all that stands beside it', async () => {
    const headers = new Headers({ 'content-type': 'application/problem+json', 'content-length': '9', 'x-a': '1' });
    headers.append('x-a', '2');
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    expect(await writeAnswer(new Response('{"a":"é"}', { status: 422, headers }))).toEqual({
      statusCode: 422,
      headers: { 'content-type': 'application/problem+json', 'x-a': '1, 2' },
      cookies: ['a=1', 'b=2'],
      body: '{"a":"é"}',
      isBase64Encoded: false,
    });
  });

  it('has no body where there is none', async () => {
    for (const status of [202, 204, 304]) {
      const answer = await writeAnswer(new Response(null, { status, headers: { location: '/v1/jobs/1' } }));
      expect(answer).toEqual({ statusCode: status, headers: { location: '/v1/jobs/1' }, isBase64Encoded: false });
    }
  });

  it('keeps every byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const { body = '', isBase64Encoded } = await writeAnswer(new Response(Uint8Array.from(bytes)));
        expect(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });
});
