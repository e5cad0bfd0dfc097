// Which proxy a request goes through, by the environment variables that curl and Go programs obey.
// https://pkg.go.dev/golang.org/x/net/http/httpproxy
import { BlockList, isIP } from 'node:net';
import { TransshipError } from '../../errors.ts';

const PROXY_PROTOCOLS = new Set(['http:', 'https:', 'socks5:', 'socks:']);

/** The part of `process.env` that names proxies; upper or lower case, lower case first. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, or undefined to connect directly. Loopback hosts never go through a proxy; `NO_PROXY` lists
 * hosts, domain suffixes (`.acme.io`, `acme.io`), `host:port` pairs, IP addresses, networks (`10.0.0.0/8`), or `*`.
 * @throws TransshipError invalid-config for a proxy that is no URL of one, without the value, which may hold a password
 */
export function proxyFor(url: URL, environment: ProxyEnvironment): string | undefined {
  const secure = url.protocol === 'https:';
  const variable = variableOf(environment, secure ? 'https_proxy' : 'http_proxy');
  if (variable === undefined || isLoopback(url.hostname)) return undefined;
  const exceptions = (environment[variableOf(environment, 'no_proxy') ?? ''] ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const port = url.port === '' ? (secure ? '443' : '80') : url.port;
  if (exceptions.some((entry) => excepts(entry.toLowerCase(), url.hostname, port))) return undefined;
  return readProxy(environment, variable);
}

/** Tells a wrong variable before anything is sent. @throws TransshipError invalid-config */
export function checkProxies(environment: ProxyEnvironment): void {
  for (const name of ['https_proxy', 'http_proxy']) {
    const variable = variableOf(environment, name);
    if (variable !== undefined) readProxy(environment, variable);
  }
}

function readProxy(environment: ProxyEnvironment, variable: string): string {
  const value = environment[variable] ?? '';
  const text = value.includes('://') ? value : `http://${value}`;
  if (isProxyUrl(text)) return text;
  throw new TransshipError('invalid-config', `the environment variable ${variable} is not the URL of a proxy`, {
    hint: `write ${variable} like http://host:port, with %XX for special characters in a user name or password`,
  });
}

/** The variable as it is written; one that is set to nothing is not set. */
function variableOf(environment: ProxyEnvironment, name: string): string | undefined {
  const variable = environment[name] === undefined ? name.toUpperCase() : name;
  return environment[variable] ? variable : undefined;
}

/** True for the URL of a proxy: a scheme that is known, a host, and a login that can be decoded. */
export function isProxyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
  } catch {
    return false;
  }
  return hostname !== '' && PROXY_PROTOCOLS.has(protocol);
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
