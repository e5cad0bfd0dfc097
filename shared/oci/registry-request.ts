// The shape of one request to a registry and of its answer, shared by the client and by everything that speaks through it.
import type { Readable } from 'node:stream';
import type { BufferPool } from './http/buffer-pool.ts';
import type { Pace } from './http/bandwidth.ts';
import type { LayerParts } from './layer-parts.ts';
import type { ActionClass, Traits } from './traits.ts';

/** One `type:name:actions` access, as the token specification writes it. */
export type Scope = { repository: string; actions: readonly ('pull' | 'push' | 'delete')[] };

/** Counts what one piece of work costs; the client adds to it. */
export type RequestMeter = { requests: number };

/** A request body: bytes, or a factory of a stream of known length, called once for each try. */
export type RequestBody =
  | Uint8Array
  | {
      sizeBytes: number;
      open: () => AsyncIterable<Uint8Array>;
      replayable: boolean;
      /** True where the memory of a chunk is used again after the next one was asked for. */
      lends?: boolean;
    };

export type RegistryRequest = {
  /** What is being done, in words for errors: "read manifest", "upload blob". */
  operation: string;
  action: ActionClass;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A path from the root of the registry ("/v2/…", with query) or a URL that the registry chose (passes the egress guard). */
  target: string | URL;
  repository?: string;
  /** The access needed; the first scope is the one asked for first. */
  scopes?: readonly Scope[];
  headers?: Record<string, string>;
  /** `basic`: send user name and password themselves, unasked, to the registry's own origin: its management API takes no token. */
  login?: 'basic';
  body?: RequestBody;
  /** For a GET of many bytes: where they may land; what is taken of the body is to be released there. */
  buffers?: BufferPool;
  /** Statuses handed back to the caller; any other becomes a TransshipError. */
  expect: readonly number[];
  /** False for requests that must not be sent twice after they may have reached the registry (POST, PATCH). Default: by method. */
  replayable?: boolean;
  /** It needs the repository; where that can be made and is missing, it is made, and the request sent again. */
  needsRepository?: true;
  /** Follow redirects (default for GET and HEAD). */
  followRedirects?: boolean;
  meter?: RequestMeter;
  signal?: AbortSignal;
};

export type RegistryResponse = {
  status: number;
  /** Header names in lower case; a repeated header is joined with ", ". */
  headers: Record<string, string | undefined>;
  /** The URL that answered, after redirects: relative Locations resolve against it. */
  url: URL;
  /** The body as it arrives; must be read to its end, or given up with `discard`. */
  body: Readable;
  /** Reads the body up to a cap, in bytes. @throws TransshipError manifest-too-large or invalid-response */
  bytes(capBytes: number): Promise<Uint8Array>;
  /** Parses the body as JSON after reading it up to a cap. @throws TransshipError invalid-response */
  json(capBytes: number): Promise<unknown>;
  /** Gives the body up and frees the connection. */
  discard(): Promise<void>;
};

/** What the rest of the library needs of a registry: one method that authenticates, limits, retries and types the errors. */
export type RegistryPort = {
  /** The registry as references name it: `docker.io`, `localhost:5000`. */
  readonly host: string;
  readonly traits: Traits;
  /** The limit for the content of blobs, read and sent together; absent: none. */
  readonly pace?: Pace;
  /** Where it has another way for large blobs, and somebody to be there. */
  readonly parts?: LayerParts;
  send(request: RegistryRequest): Promise<RegistryResponse>;
};
