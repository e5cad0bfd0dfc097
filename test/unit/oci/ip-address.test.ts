// Every kind of address literal, in each spelling that carries it.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAddress, kindOfAddress } from '../../../shared/oci/egress/ip-address.ts';
import type { AddressKind } from '../../../shared/oci/egress/ip-address.ts';

test.each<[string, AddressKind]>([
  ['8.8.8.8', 'public'],
  ['100.63.255.255', 'public'],
  ['100.128.0.0', 'public'],
  ['172.15.255.255', 'public'],
  ['172.32.0.0', 'public'],
  ['198.17.255.255', 'public'],
  ['223.255.255.255', 'public'],
  ['2606:4700::1111', 'public'],
  ['[2606:4700::1111]', 'public'],
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['169.254.170.23', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['[fd00:ec2::23]', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['fec0::1', 'private'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['0.1.2.3', 'reserved'],
  ['192.0.0.8', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['198.19.255.255', 'reserved'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['2001:0:1:2::3', 'reserved'],
  ['64:ff9b:1::1', 'reserved'],
  ['4000::1', 'reserved'],
  ['example.com', 'reserved'],
  ['', 'reserved'],
])('takes %s for %s', (address, kind) => {
  expect(kindOfAddress(address)).toBe(kind);
});

const embeddings: [string, (hex: string) => string][] = [
  ['mapped', (hex) => `::ffff:${hex}`],
  ['compatible', (hex) => `::${hex}`],
  ['translated', (hex) => `::ffff:0:${hex}`],
  ['NAT64', (hex) => `64:ff9b::${hex}`],
  ['6to4', (hex) => `2002:${hex}::1`],
];

test.each(embeddings)('CVE-2026-48978: looks through an IPv4 address that is %s', (_name, embed) => {
  expect(kindOfAddress(embed('a9fe:a9fe'))).toBe('metadata');
  expect(kindOfAddress(embed('7f00:1'))).toBe('loopback');
  expect(kindOfAddress(embed('a01:203'))).toBe('private');
  expect(kindOfAddress(embed('808:808'))).toBe('public');
});

test('judges every IPv4 address the same in each IPv6 form that carries it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x10000, max: 0xffffffff }), (value) => {
      const hex = `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
      const dotted = [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
      for (const [, embed] of embeddings) expect(kindOfAddress(embed(hex))).toBe(kindOfAddress(dotted));
    }),
  );
});

test('CVE-2026-48978: sees the loopback behind every spelling that the URL parser folds', () => {
  for (const host of ['127.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.0.0.1.', '①②⑦.0.0.1']) {
    expect(kindOfAddress(new URL(`https://${host}/`).hostname)).toBe('loopback');
  }
});

test('tells addresses from names, with and without brackets', () => {
  expect(['1.2.3.4', '::1', '[::1]'].map(isAddress)).toEqual([true, true, true]);
  expect(['example.com', '1.2.3', '[]', ''].map(isAddress)).toEqual([false, false, false, false]);
});
