// What Transship knows about one kind of registry: which hosts it has, how it differs from the specification, and what it can do beside it.
import type { RegistryPort } from '../oci/registry-request.ts';
import type { Traits } from '../oci/traits.ts';

export type TagDigest = { tag: string; digest: string; pushedAt?: Date };

/**
 * Lists every tag of a repository with the digest it names, in far fewer requests than one HEAD per tag.
 * Throws TransshipError unsupported where this registry or login does not offer it: then look at each tag.
 */
export type TagDigestLister = (
  port: RegistryPort,
  repository: string,
  options: { signal?: AbortSignal },
) => AsyncIterable<TagDigest>;

export type Vendor = {
  /** The name of the vendor in configuration files: `harbor`, `ecr-public`. */
  kind: string;
  /** Decides by the lower-case host alone; patterns are anchored at both ends, so that no look-alike host matches. */
  matchesHost(host: string): boolean;
  /** The host that requests go to, where it is not the host of the references. */
  apiHost?(host: string): string;
  /** Hosts beside its own that a realm, redirect or Location of this registry may name: exact, or `*.suffix` for any depth of sub-domain. */
  trustedHosts?: readonly string[];
  traits: Traits;
  listTagDigests?: TagDigestLister;
  /** The same vendor as it is at one host, where hosts differ in more than their name. */
  at?(host: string): Vendor;
};
