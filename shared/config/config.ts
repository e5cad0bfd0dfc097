// What the program works with: a configuration that was checked, with its texts read and its units in its names. Secrets are still
// references; they are resolved where they are used.
import type { CredentialRule } from '../credentials/credential-rule.ts';
import type { PullGrant } from '../grants/grant.ts';
import type { PullProfile } from '../grants/pull-profile.ts';
import type { MirrorRule, Schedule } from '../mirror/rule.ts';
import type { ConfigFile } from './schema/schema.ts';
import type { RegistryCredential } from './to-registry-credential.ts';

/** Where a secret is; certificates are referred to in the same way. */
export type SecretReference = NonNullable<ConfigFile['masterKey']>;

type RegistryFile = ConfigFile['registries'][string];

export type RegistryConfig = Omit<RegistryFile, 'limits' | 'aliases' | 'trustedHosts' | 'credential'> & {
  /** As references name it. */
  host: string;
  aliases: readonly string[];
  /** Exact, or `*.suffix`. */
  trustedHosts: readonly string[];
  credential?: RegistryCredential;
  limits: { concurrency?: number; requestsPerSecond?: number; bandwidthBytesPerSecond?: number };
};

type ReceiverConfig = ConfigFile['receivers'][number];

type AdmissionFile = NonNullable<ConfigFile['api']['admission']>;

export type ApiConfig = Omit<ConfigFile['api'], 'listen' | 'rateLimit' | 'admission'> & {
  listen: { host: string; port: number };
  requestsPerMinute: number;
  admission?: Omit<AdmissionFile, 'listen'> & { listen: { host: string; port: number } };
};

/** A cluster and the one way in which it is reached; the member that is there tells which. */
export type ClusterConfig = ConfigFile['clusters'][number];

/** A rule with the times at which a refresh is forced; absent: only what is due. */
export type CredentialRuleConfig = CredentialRule & { schedule?: Schedule };

type TokenEndpointFile = NonNullable<ConfigFile['tokenEndpoint']>;

/** The token endpoint, with the registry and the cluster whose RBAC it stands for. */
export type TokenEndpointConfig = {
  issuer: string;
  service: string;
  registry: string;
  cluster: string;
  profile: PullProfile;
  /** The first signs, all are trusted; absent: a pair in `dataDir`. */
  keys?: TokenEndpointFile['keys'];
  /** What anybody may pull, by patterns of repositories. */
  anonymous: { pull: readonly string[] };
  /** Of ServiceAccount tokens, beside `service`. */
  audiences: readonly string[];
  oidc: TokenEndpointFile['oidc'];
  /** Tokens carry the certificate of their key. */
  sendCertificate: boolean;
  lifeMs: number;
};

export type Config = {
  registries: readonly RegistryConfig[];
  rules: readonly MirrorRule[];
  receivers: readonly ReceiverConfig[];
  api: ApiConfig;
  clusters: readonly ClusterConfig[];
  credentials: readonly CredentialRuleConfig[];
  grants: readonly PullGrant[];
  grantsEveryMs: number;
  tokenEndpoint?: TokenEndpointConfig;
  /** An absolute path. */
  dataDir: string;
  instance: string;
  masterKey?: SecretReference;
};
