// Whom a registry's configuration lets us talk to: its own host, and the hosts that its configuration (or its vendor's file) names.
// Only compares names; the egress guard adds the rules for schemes and addresses.

export type EgressPolicy = {
  /** Scheme, host and port of the configured registry's API. */
  registryUrl: URL;
  /** Further hosts, each `host[:port]` or `*.suffix[:port]` (sub-domains only); without a port the scheme's own port is meant. */
  trustedHosts: readonly string[];
  /** Nobody configured this registry: it and all that it leads to is reached at public addresses only. */
  publicOnly?: true;
};

/** Whether a host was configured; only then may it be private, loopback or a bare address, and not with `publicOnly`. */
export type EgressTrust = { trusted: boolean; publicOnly?: true };

/** Scheme, host and port with the default port folded: what a credential is bound to. */
export function originOf(url: URL): string {
  // Not `URL.origin`: that is the same "null" for every scheme it does not know.
  return `${url.protocol}//${url.host}`;
}

/** A host name or address in the form in which two of them are compared: lower case, punycode, no final dot. */
export function comparableHost(url: URL): string {
  const host = url.hostname.toLowerCase();
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** True for the registry's own host (on any port) and for hosts that `trustedHosts` names. */
export function isTrusted(url: URL, policy: EgressPolicy): boolean {
  if (comparableHost(url) === comparableHost(policy.registryUrl)) return true;
  return policy.trustedHosts.some((entry) => matches(url, entry));
}

function matches(url: URL, entry: string): boolean {
  const wildcard = entry.startsWith('*.');
  const named = entryUrl(url.protocol, wildcard ? entry.slice(2) : entry);
  if (named === undefined || named.port !== url.port) return false;
  const host = comparableHost(url);
  const name = comparableHost(named);
  if (!wildcard) return host === name;
  // A suffix of one label would trust a whole top-level domain.
  return name.includes('.') && host.endsWith(`.${name}`);
}

/** Reads `host[:port]` by the same parser as the URL it is compared with; an entry with anything more matches nothing. */
function entryUrl(protocol: string, entry: string): URL | undefined {
  if (/[\s/?#@\\*]/.test(entry)) return undefined;
  const text = `${protocol}//${entry}/`;
  return URL.canParse(text) ? new URL(text) : undefined;
}
