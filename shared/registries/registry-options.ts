// What a user may settle about one registry that its host does not tell.
import type { CredentialSource } from '../oci/auth/credential.ts';
import type { ConnectionMaterial } from '../oci/registry-settings.ts';
import type { CloudIdentity, CreateRepositorySettings } from './vendor.ts';

/** Upper limits; absent ones leave it to the traits of the vendor and to what the answers allow. */
export type RegistryLimits = {
  /** Requests of one class (reads, uploads, …) at the same time. */
  concurrency?: number;
  /** All classes together. */
  requestsPerSecond?: number;
  /** What is read and sent, together. */
  bandwidthBytesPerSecond?: number;
};

export type RegistryOptions = {
  /** As references name it. */
  host: string;
  /** Other names of the same registry, as references name it; its requests go to `host` all the same. */
  aliases?: readonly string[];
  /** The vendor, where the host does not tell. */
  kind?: string;
  /** Absent: the credentials of all registries. */
  credentials?: CredentialSource;
  plainHttp?: boolean;
  /** Stands before `/v2/`: "/prefix". */
  pathPrefix?: string;
  /** Hosts beside its own that its realm, redirects and Locations may use; they join the vendor's. */
  trustedHosts?: readonly string[];
  limits?: RegistryLimits;
  /** Missing repositories are made where the vendor asks for it, with these settings; absent: they are not. */
  createRepository?: CreateRepositorySettings;
  /** Who calls the API of the registry's cloud. */
  identity?: CloudIdentity;
  /** Certificates and proxy, read when the first connection is opened. */
  material?: () => Promise<ConnectionMaterial>;
};
