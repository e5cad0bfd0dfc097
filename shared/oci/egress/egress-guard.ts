// The one guard before every socket: decides which URL may be asked for which purpose, and which resolved addresses may be connected to.
// It opens no connection itself; the transport calls it for each hop and hands `guardedLookup` to the socket.
import dns from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { TransshipError } from '../../errors.ts';
import { comparableHost, isTrusted } from './egress-policy.ts';
import type { EgressPolicy, EgressTrust } from './egress-policy.ts';
import { isAddress, kindOfAddress, withoutBrackets } from './ip-address.ts';
import type { AddressKind } from './ip-address.ts';

/** Why a URL is about to be asked; `link` is pagination, `location` an upload session, `urls` a foreign layer. Realms: `checkRealm`. */
export type EgressPurpose = 'registry' | 'redirect' | 'location' | 'link' | 'urls';

/** How `dns.lookup` is called here. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Allows a URL, and says whether its host was configured, or refuses it. `from` is the URL that sent us there.
 * An allowed host that is not the registry's exact origin gets no credentials.
 * @throws TransshipError egress-denied
 */
export function checkUrl(url: URL, purpose: EgressPurpose, policy: EgressPolicy, from?: URL): EgressTrust {
  if (from?.protocol === 'https:' && url.protocol === 'http:') {
    throw denied(url, purpose, 'it would leave https', policy);
  }
  const trust = checkTarget(url, purpose, policy);
  if (!trust.trusted && (purpose === 'registry' || purpose === 'link')) {
    throw denied(url, purpose, 'it is not the host of the registry', policy);
  }
  return trust;
}

/**
 * Allows the realm of a challenge: the registry's own host, a trusted host, or a public https host of the same registrable domain.
 * @throws TransshipError egress-denied
 */
export async function checkRealm(url: URL, policy: EgressPolicy): Promise<EgressTrust> {
  const trust = checkTarget(url, 'realm', policy);
  if (trust.trusted) return trust;
  // Loaded only here: the list of public suffixes costs 16 ms, and known vendors name their realm in trustedHosts.
  const { shareRegistrableDomain } = await import('./registrable-domain.ts');
  if (!shareRegistrableDomain(comparableHost(url), comparableHost(policy.registryUrl))) {
    throw denied(url, 'realm', 'it is on another domain than the registry', policy);
  }
  return trust;
}

/**
 * Allows one resolved address of a host.
 * @throws TransshipError egress-denied
 */
export function checkAddress(address: string, trust: EgressTrust, host: string): void {
  const kind = kindOfAddress(address);
  if (kind === 'public') return;
  // what a name of ours is inside is told to nobody who asks for one after the other
  if (trust.publicOnly) throw notPublic(host);
  if (trust.trusted && (kind !== 'metadata' || isAddress(host))) return;
  throw new TransshipError(
    'egress-denied',
    `${host} has the ${describe(kind)} address ${address}, which is not allowed`,
    {
      hint: trust.trusted
        ? `a registry cannot stand behind a cloud's metadata address; correct the name of ${host} in DNS`
        : `if ${host} belongs to your registry, add it to the trustedHosts of that registry`,
      details: { host, address },
    },
  );
}

function notPublic(host: string): TransshipError {
  return new TransshipError(
    'egress-denied',
    `${host} is not reached: no registry of the configuration, and not public`,
    {
      hint: 'if the registry is one of yours, add it to registries in transship.yaml',
      details: { host },
    },
  );
}

/**
 * A `lookup` for net and tls.connect that resolves once and hands back only addresses that were checked, so that no second
 * answer of the name server can lead elsewhere. One address that is not allowed refuses the host.
 */
export function guardedLookup(trust: EgressTrust, lookup: Lookup = dns.lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const problem = problemOf(addresses, trust, hostname);
      if (problem !== undefined) return callback(problem, '');
      if (options.all === true) return callback(null, addresses);
      const [first] = addresses;
      if (first === undefined) return callback(notFound(hostname), '');
      callback(null, first.address, first.family);
    });
  };
}

function problemOf(addresses: readonly LookupAddress[], trust: EgressTrust, host: string): Error | undefined {
  if (addresses.length === 0) return notFound(host);
  try {
    for (const { address } of addresses) checkAddress(address, trust, host);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function notFound(host: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host });
}

/** The rules that hold for every purpose: scheme, userinfo, and no inner network for hosts that nobody configured. */
function checkTarget(url: URL, purpose: EgressPurpose | 'realm', policy: EgressPolicy): EgressTrust {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw denied(url, purpose, 'its scheme is neither https nor http', policy);
  }
  if (url.username !== '' || url.password !== '') throw denied(url, purpose, 'it carries a user name', policy);
  const trusted = isTrusted(url, policy);
  if (url.protocol === 'http:' && !(trusted && policy.registryUrl.protocol === 'http:')) {
    throw denied(url, purpose, 'it is not https', policy);
  }
  if (!trusted) checkForeignHost(url, purpose, policy);
  return policy.publicOnly ? { trusted, publicOnly: true } : { trusted };
}

function checkForeignHost(url: URL, purpose: string, policy: EgressPolicy): void {
  const host = comparableHost(url);
  if (isAddress(host)) {
    const kind = kindOfAddress(host);
    if (kind !== 'public') throw denied(url, purpose, `it is a ${describe(kind)} address`, policy);
    return;
  }
  // Names are refused here as well as their addresses later: behind a proxy, the proxy resolves them.
  if (isInnerName(host)) throw denied(url, purpose, 'its name belongs to an inner network', policy);
}

/** Names that never stand in the public DNS: https://www.iana.org/assignments/special-use-domain-names and Kubernetes' `.svc`. */
export function isInnerName(host: string): boolean {
  if (!host.includes('.')) return true;
  return /\.(localhost|local|internal|intranet|lan|home|corp|svc|home\.arpa)$/.test(host);
}

function describe(kind: AddressKind): string {
  return kind === 'metadata' ? 'cloud metadata' : kind;
}

function denied(url: URL, purpose: string, reason: string, policy: EgressPolicy): TransshipError {
  const registry = policy.registryUrl.host;
  const address = withoutBrackets(url.hostname) === '' ? url.protocol : `${url.protocol}//${url.host}`;
  return new TransshipError(
    'egress-denied',
    `${registry} points to ${address} (${purpose}), which is refused: ${reason}`,
    {
      hint: hintFor(url, policy),
      details: { registry, purpose, url: address },
    },
  );
}

function hintFor(url: URL, policy: EgressPolicy): string {
  if (url.username !== '' || url.password !== '') return 'correct the registry: it must not send URLs with user names';
  if (url.protocol !== 'https:' && policy.registryUrl.protocol === 'https:') {
    return 'make the registry send https URLs; plain HTTP is only followed from a registry with plainHttp that names the host in trustedHosts';
  }
  return `if that host belongs to your registry, add "${url.host}" to the trustedHosts of ${policy.registryUrl.host}`;
}
