// What Transship knows about one kind of registry: which hosts it has, how it differs from the specification, and what it can do beside it.
import type { AwsIdentity } from '../identity/aws.ts';
import type { AzureIdentity } from '../identity/azure.ts';
import type { GoogleIdentity } from '../identity/google.ts';
import type { LayerParts } from '../oci/layer-parts.ts';
import type { RegistryPort } from '../oci/registry-request.ts';
import type { ConnectionMaterial, RegistryRuntime } from '../oci/registry-settings.ts';
import type { Throttle } from '../oci/http/throttle.ts';
import type { Timeouts } from '../oci/http/timeouts.ts';
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

/** Who to be at a cloud, where a registry logs in by that. */
export type CloudIdentity = { aws: AwsIdentity } | { google: GoogleIdentity } | { azure: AzureIdentity };

/** A registry that credentials are issued for, and how it is reached where it takes part in that itself. */
export type IssuerPlace = {
  /** `host[:port]`, as references name it. */
  host: string;
  aliases: readonly string[];
  plainHttp?: boolean;
  certificateAuthorities?: readonly string[];
  material?: () => Promise<ConnectionMaterial>;
  /** Where `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` stand, and what the cloud's own tools read. */
  env: NodeJS.ProcessEnv;
  timeouts?: Partial<Timeouts>;
};

/** How a repository is made that a copy needs; what a vendor does not know of, it leaves. */
export type CreateRepositorySettings = {
  tagMutability?: 'mutable' | 'immutable' | undefined;
  scanOnPush?: boolean | undefined;
  /** Readable without a login. */
  public?: boolean | undefined;
  /** Of the resource. */
  tags?: Readonly<Record<string, string>> | undefined;
};

export type RepositoryPlace = {
  port: RegistryPort;
  repository: string;
  identity?: CloudIdentity;
  /** Where the proxies of calls to its cloud stand; absent: in the environment of the process. */
  env?: () => Promise<NodeJS.ProcessEnv>;
};

/** A registry that layers are sent to in parts. */
export type PartsPlace = {
  /** As references name it. */
  host: string;
  identity: CloudIdentity;
  /** Where the proxies of calls to its cloud stand. */
  env: () => Promise<NodeJS.ProcessEnv>;
  /** Of the registry's own requests. */
  throttle: Throttle;
  runtime: Pick<RegistryRuntime, 'retries' | 'random' | 'onRetry'>;
};

/** The name of the cloud in the configuration. */
export type Cloud = 'aws' | 'google' | 'azure';

export type Vendor = {
  /** The name of the vendor in configuration files: `harbor`, `ecr-public`. */
  kind: string;
  /** Whose identities log in to it. */
  cloud?: Cloud;
  /** Decides by the lower-case host alone; patterns are anchored at both ends, so that no look-alike host matches. */
  matchesHost(host: string): boolean;
  /** The host that requests go to, where it is not the host of the references. */
  apiHost?(host: string): string;
  /** Hosts beside its own that a realm, redirect or Location of this registry may name: exact, or `*.suffix` for any depth of sub-domain. */
  trustedHosts?: readonly string[];
  traits: Traits;
  listTagDigests?: TagDigestLister;
  /** All names under which clusters know the registry at this host, itself among them; none where it has no other. */
  otherNames?(host: string): readonly string[];
  /** Makes a repository, or what it needs around it, where the first push does not. One that is there already is a success. */
  createRepository?(place: RepositoryPlace, settings: CreateRepositorySettings): Promise<void>;
  /** Tells a missing repository from one that may not be seen, where the registry answers both with 401. */
  isRepositoryMissing?(place: RepositoryPlace): Promise<boolean>;
  /** The way for large blobs beside the registry's own sessions, which are of no use to another process. Opens nothing before the first. */
  layerParts?(place: PartsPlace): LayerParts;
  /** The same vendor as it is at one host, where hosts differ in more than their name. */
  at?(host: string): Vendor;
};
