// Heads of HTTP responses, read strictly.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseResponseHead } from '../../../shared/oci/http/response-head.ts';

test('reads status, headers and length', () => {
  expect(
    parseResponseHead('HTTP/1.1 200 OK\r\nContent-Length: 12\r\nLink: a\r\nlink:b \r\nX-Empty:\r\n__proto__: x'),
  ).toMatchObject({
    status: 200,
    contentLength: 12,
    persistent: true,
    headers: { 'content-length': '12', link: 'a, b', 'x-empty': '' },
  });
});

test.each([
  ['HTTP/1.1 200', 200, undefined, true],
  ['HTTP/1.0 200 OK\r\ncontent-length: 0', 200, 0, false],
  ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: Keep-Alive, Close', 200, 5, false],
  ['HTTP/1.1 204 No Content', 204, 0, true],
  ['HTTP/1.1 304 Not Modified\r\ncontent-length: 9', 304, 0, true],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5', 200, undefined, true],
])('%j', (text, status, contentLength, persistent) => {
  expect(parseResponseHead(text)).toMatchObject({ status, contentLength, persistent });
});

test.each([
  '',
  'HTTP/2 200',
  'HTTP/1.1 99 x',
  'HTTP/1.1 2000 x',
  'ICY 200 OK',
  'HTTP/1.1 200 OK\r\nno colon',
  'HTTP/1.1 200 OK\r\nspace : x',
  'HTTP/1.1 200 OK\r\na: b\r\n folded',
  'HTTP/1.1 200 OK\r\na: b\0c',
  'HTTP/1.1 200 OK\r\na: b\nc: d',
  'HTTP/1.1 200 OK\r\ncontent-length: -1',
  'HTTP/1.1 200 OK\r\ncontent-length: 0x10',
  'HTTP/1.1 200 OK\r\ncontent-length: 5, 5',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6',
  'HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999',
])('refuses %j', (text) => {
  expect(() => parseResponseHead(text)).toThrow(expect.objectContaining({ code: 'HPE_INVALID' }));
});

test('any text is a head or refused', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (line, more) => {
      for (const text of [line, `HTTP/1.1 200 OK\r\n${line}: ${more}`]) {
        expect(outcomeOf(text)).toMatch(/^(?:[1-5]\d\d|HPE_INVALID)$/);
      }
    }),
  );
});

function outcomeOf(text: string): string {
  try {
    return String(parseResponseHead(text).status);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

test('a long line of blanks takes no time', () => {
  const value = `a${' '.repeat(200_000)}b`;
  const startedAt = performance.now();
  expect(parseResponseHead(`HTTP/1.1 200 OK\r\nx: \t${value} \t`).headers['x']).toBe(value);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test.each(['\v', '\f', '\u00a0'])('only blanks and tabs are left out around a value: not %j', (character) => {
  expect(() => parseResponseHead(`HTTP/1.1 200 OK\r\ncontent-length: 5${character}`)).toThrow(/Content-Length/);
});
