// How the transport speaks of what sockets do.
import { expect, test } from 'vitest';
import { networkError } from '../../../shared/oci/http/network-errors.ts';

const CALL = {
  url: new URL('https://registry.acme.io/v2/?sig=secret'),
  registry: 'registry.acme.io',
  operation: 'read',
};
const failing = (code: string, message = 'inner words') => Object.assign(new Error(message), { code });

test.each([
  ['ECONNREFUSED', 'connection-failed', true, /is a registry listening on registry\.acme\.io/],
  ['ECONNRESET', 'connection-failed', true, /try again/],
  ['ENOTFOUND', 'connection-failed', false, /spelling/],
  ['EAI_AGAIN', 'connection-failed', true, /DNS/],
  ['ETIMEDOUT', 'timeout', true, /slow or stuck/],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout', true, /slow or stuck/],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout', true, /slow or stuck/],
  ['UND_ERR_BODY_TIMEOUT', 'timeout', true, /slow or stuck/],
  ['EPROTO', 'tls-failed', false, /--plain-http registry\.acme\.io/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-failed', false, /--plain-http/],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls-failed', false, /--ca-file/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls-failed', false, /--ca-file/],
  ['CERT_HAS_EXPIRED', 'tls-failed', false, /--ca-file/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls-failed', false, /--ca-file/],
])('%s is %s (worth another try: %s)', (code, expected, retryable, hint) => {
  for (const error of [
    failing(code),
    new Error('wrapped', { cause: failing(code) }),
    Object.assign(new Error('closed', { cause: failing(code) }), { code: 'UND_ERR_SOCKET' }),
    new AggregateError([failing(code), failing('other')]),
  ]) {
    const typed = networkError(error, { ...CALL, repository: 'team/app' });
    expect(typed).toMatchObject({ code: expected, retryable, hint: expect.stringMatching(hint), cause: error });
    expect(typed.details).toMatchObject({ registry: 'registry.acme.io', repository: 'team/app', operation: 'read' });
    expect(typed.message).toMatch(/^registry\.acme\.io\/team\/app: read failed: /);
    expect(typed.message).not.toContain('secret');
  }
});

test('an interruption is told as one, with the reason of its signal', () => {
  expect(networkError(failing('ECONNRESET'), CALL, AbortSignal.abort())).toMatchObject({ code: 'interrupted' });
  const known = networkError(failing('ECONNREFUSED'), CALL);
  expect(networkError(failing('UND_ERR_ABORTED'), CALL, AbortSignal.abort(known))).toBe(known);
  expect(networkError(known, CALL)).toBe(known);
  expect(networkError(new Error('lookup', { cause: known }), CALL)).toBe(known);
});
