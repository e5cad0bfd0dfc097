// What registries answer when they refuse, as typed errors with hints.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { errorFromResponse, type RefusedRequest } from '../../../shared/oci/registry-errors.ts';

const NOW = new Date('2026-11-06T08:49:30Z');

function base(): RefusedRequest {
  return {
    registry: 'r.example',
    repository: 'team/app',
    operation: 'read manifest 1.0',
    method: 'GET',
    status: 500,
    headers: {},
    body: new Uint8Array(),
    now: NOW,
  };
}

function refusal(status: number, body: unknown, change: Partial<RefusedRequest> = {}): TransshipError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return errorFromResponse({ ...base(), status, body: new TextEncoder().encode(text), ...change });
}

function errors(code: string, message = ''): unknown {
  return { errors: [{ code, message, detail: { Tag: 'x' } }] };
}

describe('errorFromResponse', () => {
  test('says where, what and why on one line, and keeps the parts as details', () => {
    const error = refusal(403, errors('denied', 'requested access to the resource is denied'));
    expect(error).toBeInstanceOf(TransshipError);
    expect(error.message).toBe(
      'r.example/team/app: read manifest 1.0 failed: 403 DENIED: requested access to the resource is denied',
    );
    expect(error.details).toStrictEqual({
      registry: 'r.example',
      repository: 'team/app',
      operation: 'read manifest 1.0',
      method: 'GET',
      status: 403,
      serverCode: 'DENIED',
    });
  });

  test('manages without repository and without body', () => {
    const { repository: _, ...request } = { ...base(), operation: 'list', status: 500 };
    expect(errorFromResponse(request).message).toBe('r.example: list failed: 500');
    expect(refusal(404, '', { method: 'HEAD' }).message).toBe('r.example/team/app: read manifest 1.0 failed: 404');
  });

  test.each<[number, string, string, string, boolean]>([
    [401, 'UNAUTHORIZED', 'GET', 'unauthorized', false],
    [403, 'DENIED', 'GET', 'denied', false],
    [500, 'DENIED', 'GET', 'denied', false],
    [404, 'NAME_UNKNOWN', 'GET', 'not-found', false],
    [404, 'MANIFEST_UNKNOWN', 'GET', 'not-found', false],
    [404, 'NOT_FOUND', 'GET', 'not-found', false],
    [404, 'BLOB_UNKNOWN', 'GET', 'blob-unknown', false],
    [400, 'MANIFEST_BLOB_UNKNOWN', 'PUT', 'blob-unknown', false],
    [404, 'BLOB_UPLOAD_UNKNOWN', 'PUT', 'upload-lost', false],
    [404, 'BLOB_UPLOAD_INVALID', 'PUT', 'upload-lost', false],
    [400, 'DIGEST_INVALID', 'PUT', 'digest-mismatch', false],
    [400, 'SIZE_INVALID', 'PUT', 'size-mismatch', false],
    [405, 'UNSUPPORTED', 'DELETE', 'unsupported', false],
    [503, 'UNSUPPORTED', 'PUT', 'unsupported', false],
    [429, 'TOOMANYREQUESTS', 'GET', 'too-many-requests', true],
    [400, 'TOOMANYREQUESTS', 'GET', 'too-many-requests', true],
    [503, 'UNAVAILABLE', 'GET', 'registry-unavailable', true],
    [500, 'MANIFEST_INVALID', 'PUT', 'registry-error', false],
    [500, 'NAME_INVALID', 'PUT', 'registry-error', false],
    [500, 'UNKNOWN', 'PUT', 'registry-unavailable', true],
    [404, 'toString', 'GET', 'not-found', false],
  ])('the code decides: %s %s to %s is %s (retryable: %s)', (status, serverCode, method, code, retryable) => {
    expect(refusal(status, errors(serverCode), { method })).toMatchObject({ code, retryable });
  });

  test.each<[number, string, string, boolean]>([
    [200, 'PUT', 'invalid-response', false],
    [304, 'GET', 'invalid-response', false],
    [400, 'GET', 'registry-error', false],
    [401, 'GET', 'unauthorized', false],
    [403, 'GET', 'denied', false],
    [404, 'GET', 'not-found', false],
    [404, 'PATCH', 'upload-lost', false],
    [405, 'POST', 'unsupported', false],
    [408, 'GET', 'timeout', true],
    [409, 'PUT', 'registry-error', false],
    [412, 'GET', 'denied', false],
    [412, 'PUT', 'registry-error', false],
    [416, 'PATCH', 'upload-lost', false],
    [416, 'GET', 'registry-error', false],
    [429, 'GET', 'too-many-requests', true],
    [499, 'GET', 'registry-unavailable', true],
    [500, 'GET', 'registry-unavailable', true],
    [501, 'GET', 'registry-error', false],
    [502, 'PUT', 'registry-unavailable', true],
    [503, 'GET', 'registry-unavailable', true],
    [504, 'GET', 'registry-unavailable', true],
    [522, 'GET', 'registry-unavailable', true],
  ])('without a code the status decides: %s to %s is %s (retryable: %s)', (status, method, code, retryable) => {
    expect(refusal(status, '', { method })).toMatchObject({ code, retryable });
  });

  test.each<[string, number, string, string]>([
    [
      'ECR',
      400,
      'TAG_INVALID',
      "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the repository is immutable.",
    ],
    ['ECR, in short', 400, 'TAG_INVALID', ''],
    ['the ECR API', 400, 'ImageTagAlreadyExistsException', 'exists'],
    ['Harbor', 412, 'PRECONDITION', "Failed to process request due to 'v1' configured as immutable."],
    ['Artifact Registry', 400, 'MANIFEST_INVALID', 'The repository has enabled tag immutability'],
  ])('knows an immutable tag of %s', (_vendor, status, code, message) => {
    expect(refusal(status, errors(code, message), { method: 'PUT' })).toMatchObject({
      code: 'tag-immutable',
      retryable: false,
      hint: expect.stringContaining('another tag'),
    });
    expect(refusal(status, errors(code, message), { method: 'GET' }).code).not.toBe('tag-immutable');
  });

  test.each<[string | undefined, number | undefined]>([
    ['7', 7000],
    ['Fri, 06 Nov 2026 08:49:37 GMT', 7000],
    ['soon', undefined],
    [undefined, undefined],
  ])('takes Retry-After %j for a wait of %j ms', (header, expected) => {
    const headers = { 'retry-after': header };
    expect(refusal(429, '', { headers }).retryAfterMs).toBe(expected);
    expect(refusal(503, '', { headers }).retryAfterMs).toBe(expected);
    expect(refusal(404, '', { headers }).retryAfterMs).toBeUndefined();
  });

  test.each<[number, unknown, Partial<RefusedRequest>, RegExp]>([
    [401, '', {}, /docker login r\.example/],
    [403, '', {}, /allowed to pull from r\.example\/team\/app/],
    [403, '', { method: 'POST' }, /allowed to push to r\.example\/team\/app/],
    [403, errors('DENIED', 'quota exceeded'), { method: 'PUT' }, /raise its quota/],
    [404, '', {}, /check the name and the tag/],
    [404, errors('NAME_UNKNOWN'), { method: 'POST' }, /create r\.example\/team\/app first/],
    [413, '', { method: 'PUT' }, /limits the size/],
    [429, '', {}, /wait and try again/],
    [502, '', {}, /problem of its own/],
    [400, '', {}, /log of r\.example/],
  ])('the hint for %s %j says what to do', (status, body, change, hint) => {
    expect(refusal(status, body, change).hint).toMatch(hint);
  });

  test('a manifest that the registry finds too large is no unknown error', () => {
    expect(refusal(413, '', { method: 'PUT', operation: 'write manifest 1.0' }).code).toBe('manifest-too-large');
    expect(refusal(413, '', { method: 'PATCH', operation: 'upload blob' }).code).toBe('registry-error');
  });

  test('of several errors the first that is known counts', () => {
    const body = {
      errors: [
        { code: 'WEIRD', message: 'w' },
        { code: 'MANIFEST_BLOB_UNKNOWN', message: 'm' },
      ],
    };
    expect(refusal(400, body).message).toMatch(/400 MANIFEST_BLOB_UNKNOWN: m$/);
  });

  test.each<[string, unknown, string]>([
    ['plain text', 'no such\n  host\t', '502: no such host'],
    ['a page for browsers', '<html><body>Bad Gateway', '502'],
    ['an error without code', { errors: [{ status: 502, message: 'Not here' }] }, '502: Not here'],
    ['an error outside a list', { code: 'X', message: 'm' }, '502 X: m'],
    ['an OAuth error', { error: 'invalid_grant' }, '502: invalid_grant'],
    ['an empty list', { errors: [] }, '502'],
    ['wrong types', { errors: [null, 5, 'x', { code: 5, message: {} }] }, '502'],
    ['control characters', errors('X', 'a\u001b[31mb\u0000\u202ec\r\nd'), '502 X: a[31mbc d'],
    ['a strange code', errors('A\nB', 'm'), '502: m'],
    ['a number', '5', '502'],
  ])('shows %s on one line', (_name, body, expected) => {
    expect(refusal(502, body).message).toBe(`r.example/team/app: read manifest 1.0 failed: ${expected}`);
  });

  test('cuts long messages', () => {
    const { message } = refusal(500, errors('X', 'y'.repeat(60_000)));
    expect(message).toMatch(/: y{300}…$/);
  });

  test.each([
    'see https://s3.example/x?X-Amz-Signature=CANARY99&a=b now',
    'see https://user:CANARY99@host/x',
    'header Bearer CANARY99CANARY99CANARY99',
    'header Authorization: Basic CANARY99CANARY99==',
    'jwt eyJhbGciOiJSUzI1NiJ9.CANARY99.CANARY99',
    'password=CANARY99',
    'password: CANARY99',
    '{"refresh_token":"CANARY99"}',
    'location /v2/x/uploads/1?_state=CANARY99',
    'ghp_CANARY99CANARY99CANARY99',
  ])('never repeats a secret: %s', (text) => {
    for (const body of [text, errors('X', text), errors('X', `${'a '.repeat(140)}${text}`)]) {
      expect(JSON.stringify(refusal(500, body)) + refusal(500, body).message).not.toContain('CANARY99');
    }
  });

  test('leaves sentences about tokens as they are', () => {
    expect(
      refusal(401, errors('UNAUTHORIZED', 'invalid token: expired, Basic authentication required')).message,
    ).toMatch(/invalid token: expired, Basic authentication required$/);
  });

  test('gives a TransshipError on one line for any answer', () => {
    const bodies = fc.oneof(
      fc.uint8Array(),
      fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify({ errors: value }))),
      fc
        .jsonValue()
        .map((value) =>
          new TextEncoder().encode(JSON.stringify({ errors: [value, { code: 'DENIED', message: value }] })),
        ),
    );
    const methods = fc.constantFrom('GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE');
    fc.assert(
      fc.property(bodies, methods, fc.integer({ min: 100, max: 599 }), (body, method, status) => {
        const error = errorFromResponse({ ...base(), body, method, status });
        expect(error.message).not.toMatch(/[\p{C}\n]/u);
        expect(error.hint).toMatch(/./);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['a', '//', 'https://a?', 'token', 'token=', 'eyJ', ' ', 'Basic '])(
    'shows 20 000 repetitions of %j quickly',
    (part) => {
      const startedAt = performance.now();
      refusal(500, errors('X', part.repeat(20_000)));
      expect(performance.now() - startedAt).toBeLessThan(500);
    },
  );
});
