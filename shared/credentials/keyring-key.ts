// The keys of `auths` as the kubelet understands them, and which images they stand for.
// https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go (Add, URLsMatch)
import { matchesStars } from './glob.ts';

/** What the kubelet makes of a key: spellings that become the same are the same to it. */
export type KeyringKey = { host: string; path: string };

/** The repository that is pulled, as the kubelet looks it up: `docker.io`, `library/alpine`. */
export type PulledRepository = { host: string; path: string };

// What Go's net/url takes for a host: https://pkg.go.dev/net/url#Parse
const HOST = /^[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"\u0080-\u{10ffff}]*$/u;

/** Undefined for a key that the kubelet passes over, because it is no URL. */
export function keyringKey(key: string): KeyringKey | undefined {
  // eslint-disable-next-line no-control-regex -- Go refuses URLs with control characters
  if (/[\u0000-\u001f\u007f]/.test(key)) return undefined;
  const [withoutQuery = ''] = key.replace(/^https?:\/\//, '').split(/[?#]/, 1);
  const slash = withoutQuery.indexOf('/');
  const authority = slash < 0 ? withoutQuery : withoutQuery.slice(0, slash);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (!HOST.test(host) || hasBadPort(host)) return undefined;
  const path = slash < 0 ? '' : withoutQuery.slice(slash);
  // the API roots count as the host itself, but only with the slash after them
  const effective = /^\/v[12]\//.test(path) ? path.slice(3) : path;
  return { host, path: effective === '/' ? '' : effective };
}

/** How the kubelet orders keys and tells them apart. */
export function keyText({ host, path }: KeyringKey): string {
  return host + path;
}

/** Host by labels with globs, the port equal, the path as a plain prefix: `h/pong` stands for `h/pongz`, too. */
export function keyStandsFor(key: KeyringKey, pulled: PulledRepository): boolean {
  const [pattern, target] = [splitPort(key.host), splitPort(pulled.host)];
  if (pattern.port !== target.port || !`/${pulled.path}`.startsWith(key.path)) return false;
  const [patterns, labels] = [pattern.host.split('.'), target.host.split('.')];
  return patterns.length === labels.length && patterns.every((one, index) => matchesLabel(one, labels[index] ?? ''));
}

function matchesLabel(pattern: string, label: string): boolean {
  // Go reads what stands in brackets as one character of a set: an IPv6 address without a port is never found.
  return !pattern.includes('[') && matchesStars(pattern, label);
}

function hasBadPort(host: string): boolean {
  const colon = host.lastIndexOf(':');
  return colon > host.lastIndexOf(']') && !/^[0-9]*$/.test(host.slice(colon + 1));
}

/** As Go's net.SplitHostPort; what that refuses has no port. */
function splitPort(text: string): { host: string; port: string } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? [];
  return port === undefined ? { host: text, port: '' } : { host: bracketed ?? plain ?? '', port };
}
