// Says what kind of network an IP address literal belongs to, looking through the IPv6 forms that carry an IPv4 address.
// Knows nothing of names, policies or sockets; the egress guard decides what each kind means.
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

export type AddressKind =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'unspecified'
  | 'multicast'
  | 'reserved';

type Range = { kind: Exclude<AddressKind, 'public'>; subnets: readonly string[] };

/**
 * First match wins, so the single addresses of metadata services stand before the networks they lie in.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const RANGES: readonly Range[] = [
  {
    kind: 'metadata',
    subnets: [
      '169.254.169.254/32', // AWS, Google, Azure and most others
      '169.254.170.2/32', // ECS task credentials
      '169.254.170.23/32', // EKS Pod Identity
      '100.100.100.200/32', // Alibaba
      '168.63.129.16/32', // Azure WireServer: publicly routed, yet answered by the host
      '192.0.0.192/32', // Oracle classic
      'fd00:ec2::/32', // AWS over IPv6: IMDS, Pod Identity, DNS, time
      'fd20:ce::254/128', // Google over IPv6
    ],
  },
  { kind: 'unspecified', subnets: ['0.0.0.0/32', '::/128'] },
  { kind: 'loopback', subnets: ['127.0.0.0/8', '::1/128'] },
  { kind: 'link-local', subnets: ['169.254.0.0/16', 'fe80::/10'] },
  {
    kind: 'private',
    subnets: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10'],
  },
  { kind: 'multicast', subnets: ['224.0.0.0/4', 'ff00::/8'] },
  {
    kind: 'reserved',
    subnets: [
      '0.0.0.0/8',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
      '64:ff9b:1::/48', // NAT64 inside one network
      '100::/64',
      '2001::/23', // protocol assignments, Teredo among them
      '2001:db8::/32',
      '3fff::/20',
      '5f00::/16',
    ],
  },
];

const LISTS = RANGES.map(({ kind, subnets }) => ({ kind, list: blockListOf(subnets) }));
/** Only this block is handed out as global unicast; whatever else is left is not on the Internet. */
const GLOBAL_UNICAST = blockListOf(['2000::/3']);

/** Takes the square brackets of a URL's host off an IPv6 literal. */
export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** True for an IPv4 or IPv6 literal, with or without brackets. */
export function isAddress(host: string): boolean {
  return isIP(withoutBrackets(host)) !== 0;
}

/** Classifies an address literal; anything that is not one counts as `reserved`, so that a doubt never opens the way. */
export function kindOfAddress(literal: string): AddressKind {
  const address = withoutZone(withoutBrackets(literal));
  if (isIPv4(address)) return kindIn(address, 'ipv4') ?? 'public';
  if (!isIPv6(address)) return 'reserved';
  const kind = kindIn(address, 'ipv6');
  if (kind !== undefined) return kind;
  const embedded = embeddedAddress(groupsOf(address));
  if (embedded !== undefined) return kindIn(embedded, 'ipv4') ?? 'public';
  return GLOBAL_UNICAST.check(address, 'ipv6') ? 'public' : 'reserved';
}

function kindIn(address: string, family: 'ipv4' | 'ipv6'): AddressKind | undefined {
  return LISTS.find(({ list }) => list.check(address, family))?.kind;
}

/** The IPv4 address inside a mapped, compatible, translated, NAT64 or 6to4 address. */
function embeddedAddress(groups: readonly number[]): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  if (a === 0x2002) return dotted(b, c); // 6to4, RFC 3056
  if (a === 0x64 && b === 0xff9b && (c | d | e | f) === 0) return dotted(g, h); // NAT64, RFC 6052
  if ((a | b | c | d) !== 0) return undefined;
  const mapped = e === 0 && f === 0xffff;
  const compatible = e === 0 && f === 0;
  const translated = e === 0xffff && f === 0; // RFC 2765
  return mapped || compatible || translated ? dotted(g, h) : undefined;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight 16-bit groups of a valid IPv6 literal; the URL parser writes it in one canonical form first. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = withoutBrackets(new URL(`http://[${address}]/`).hostname).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

function blockListOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const slash = subnet.indexOf('/');
    const network = subnet.slice(0, slash);
    list.addSubnet(network, Number(subnet.slice(slash + 1)), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return list;
}
