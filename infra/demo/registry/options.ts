// What a caller of startRegistry can ask for. Each option plays one way in which real registries differ, or breaks something on purpose.
import type { FaultRule } from './faults.ts';

/** Passwords by user name. */
export type Users = Record<string, string>;

export type Action = 'pull' | 'push' | 'delete';

/** Decides what a user may do; `undefined` is the anonymous user. */
type AccessRule = (user: string | undefined, repository: string, action: Action) => boolean;

export type BasicAuth = {
  kind: 'basic';
  users: Users;
  /** Lets anyone pull; false by default. */
  anonymousPull?: boolean;
  /** Default: a known user may do everything. */
  access?: AccessRule;
};

export type TokenAuth = {
  kind: 'token';
  users: Users;
  /** Life of an access token; 300 by default. */
  expiresInSeconds?: number;
  /** Gives pull tokens to those who send no credential; false by default. */
  anonymousPull?: boolean;
  /** Default: a known user may do everything. */
  access?: AccessRule;
  service?: string;
  /** Stands in the challenge instead of the registry's own token endpoint. */
  realm?: string;
  /** Rewrites the `WWW-Authenticate` values; gets the registry's own Bearer challenge. */
  challenges?: (bearer: string) => string[];
  /** Refresh (identity) tokens known from the start, with the user they stand for. */
  refreshTokens?: Record<string, string>;
  /** False: the token endpoint answers POST with 405, as servers without OAuth2 do. */
  post?: boolean;
  /** True: only the first scope of a request is granted, as some servers do. */
  firstScopeOnly?: boolean;
  /** Rewrites the reply of the token endpoint: fields left out, renamed or wrong. */
  reply?: (fields: Record<string, unknown>) => Record<string, unknown>;
};

export type NotificationEndpoint = {
  url: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Wait before the next try of a refused event; 1000 by default. */
  backoffMs?: number;
  /** Actions not sent. */
  ignoreActions?: readonly ('push' | 'pull' | 'mount' | 'delete')[];
};

export type UploadOptions = {
  /** Announced as OCI-Chunk-Min-Length and enforced on all chunks but the last. */
  minChunkBytes?: number;
  /** What a connection cut in a chunk leaves: `keep` the bytes that came, or `drop` the session (zot). */
  onCut?: 'keep' | 'drop';
  /** Puts a state into each Location that changes with every reply and must come back byte for byte (distribution 2.8). */
  locationState?: boolean;
  /** False: POST with `digest` opens a session instead of storing the body (CNCF distribution). */
  singlePost?: boolean;
};

type ImmutableTags = {
  status: number;
  code: string;
  /** True: pushing the digest that the tag already has is refused too. */
  refuseSameDigest?: boolean;
};

export type RegistryOptions = {
  /** Port on 127.0.0.1; a free one by default. */
  port?: number;
  /** Keeps content in this folder, across restarts; in memory without it. */
  dataDir?: string;
  auth?: BasicAuth | TokenAuth;
  /** PEM texts; with `clientCa`, clients must show a certificate of it. */
  tls?: { certificate: string; key: string; clientCa?: string };
  notifications?: readonly NotificationEndpoint[];
  faults?: readonly FaultRule[];
  upload?: UploadOptions;
  /** False plays a registry without the referrers API: 404, and no OCI-Subject header. */
  referrersApi?: boolean;
  /** Descriptors in one page of a referrers list; 1000 by default. */
  referrersPageSize?: number;
  /** An existing tag cannot move; `true` answers 400 TAG_INVALID. */
  immutableTags?: boolean | ImmutableTags;
  /** False: a mount always answers 202 and opens a session. */
  mount?: boolean;
  /** False: a mount must name its source (CNCF distribution). */
  anonymousMount?: boolean;
  /** Serves everything below this path, for example `/artifactory/docker`. */
  pathPrefix?: string;
  /** False refuses an index whose children are not there. */
  sparseIndexes?: boolean;
  /** True accepts an image manifest whose blobs are not there. */
  sparseManifests?: boolean;
  /** Largest manifest accepted; 8 MiB by default (the specification asks for at least 4 MiB). */
  maxManifestBytes?: number;
  /** Most entries in a page of tags or repositories; without it a request without `n` gets all. */
  maxPageSize?: number;
  /** False answers deletes of tags, manifests and blobs with 405. */
  deletes?: boolean;
  /** True answers 404 for a manifest whose media type the Accept header does not name. */
  requireAccept?: boolean;
  /** True sends absolute URLs in Location. */
  absoluteLocations?: boolean;
  /** Keeps headers and byte counts of every request in `exchanges`. */
  recordHeaders?: boolean;
  /** The clock, in milliseconds since 1970; token expiry and event times follow it. */
  now?: () => number;
};
