// Whose address counts, with and without a proxy in front.
import { expect, it } from 'vitest';
import { clientAddress, isLocalClient } from '../../../functions/http-api/client-address.ts';

const peer = { address: '192.0.2.1', isOwner: false };

it.each([
  ['the other end without a proxy, whatever is claimed', '203.0.113.1', false, '192.0.2.1'],
  ['what our proxy wrote last', '198.51.100.9, 203.0.113.1', true, '203.0.113.1'],
  ['an address of IPv6', '2001:db8::1', true, '2001:db8::1'],
  ['the other end where the proxy says nothing', undefined, true, '192.0.2.1'],
  ['the other end where what the proxy says is none', 'unknown', true, '192.0.2.1'],
])('takes %s', (_, header, trustProxy, expected) => {
  expect(clientAddress(peer, header, trustProxy)).toBe(expected);
});

it.each([
  ['127.0.0.1', false, true],
  ['127.8.8.8', false, true],
  ['::1', false, true],
  ['192.0.2.1', false, false],
  ['', false, false],
  ['127.0.0.1', true, false],
])('says whether %s is this machine (proxy: %s): %s', (address, trustProxy, expected) => {
  expect(isLocalClient({ address, isOwner: false }, trustProxy)).toBe(expected);
});

it('counts the owner as local, and somebody unknown as remote', () => {
  expect(isLocalClient({ address: '', isOwner: true }, false)).toBe(true);
  expect(isLocalClient(undefined, false)).toBe(false);
  expect(clientAddress(undefined, undefined, false)).toBe('');
});
