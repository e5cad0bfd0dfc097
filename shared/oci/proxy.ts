// Which proxy a request goes through, by the environment variables that curl and Go programs obey.
// https://pkg.go.dev/golang.org/x/net/http/httpproxy
import { BlockList, isIP } from 'node:net';

/** The part of `process.env` that names proxies; upper or lower case, lower case first. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, or undefined to connect directly. Loopback hosts never go through a proxy; `NO_PROXY` lists
 * hosts, domain suffixes (`.acme.io`, `acme.io`), `host:port` pairs, IP addresses, networks (`10.0.0.0/8`), or `*`.
 */
export function proxyFor(url: URL, environment: ProxyEnvironment): string | undefined {
  const secure = url.protocol === 'https:';
  const proxy = secure ? read(environment, 'https_proxy') : read(environment, 'http_proxy');
  if (proxy === undefined || isLoopback(url.hostname)) return undefined;
  const exceptions = (read(environment, 'no_proxy') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  const port = url.port === '' ? (secure ? '443' : '80') : url.port;
  if (exceptions.some((entry) => excepts(entry.toLowerCase(), url.hostname, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function read(environment: ProxyEnvironment, name: string): string | undefined {
  const value = environment[name] ?? environment[name.toUpperCase()];
  return value === undefined || value === '' ? undefined : value;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isInNetwork(hostname: string, entry: string): boolean {
  const [network = '', length = ''] = entry.split('/');
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(network);
  if (family === 0 || family !== isIP(address) || !/^\d{1,3}$/.test(length)) return false;
  if (Number(length) > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(length), kind);
  return list.check(address, kind);
}

function excepts(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(hostname, entry);
  const withPort = /^(.*[^:]):(\d+)$/.exec(entry);
  if (withPort !== null && withPort[2] !== port) return false;
  const name = (withPort?.[1] ?? entry).replace(/^\*?\./, '');
  return hostname === name || hostname === `[${name}]` || hostname.endsWith(`.${name}`);
}
