// What the API needs beside what every function gets, and what a host tells with each request.
import type { JobChange } from '../../shared/jobs/job-store.ts';
import type { BackendFor } from '../../shared/grants/grants-run.ts';
import type { FetchJson } from '../../shared/events/signing-keys.ts';
import type { RegistryStatus } from '../../shared/registries/probe-registry.ts';
import type { Registries } from '../../shared/registries/registries.ts';
import type { Deps } from '../deps.ts';
import type { PullMeans } from '../can-pull/pull-means.ts';
import type { AcceptNamespaces } from '../namespace-created.ts';
import type { ClusterSenders } from '../namespace-created/cluster-senders.ts';
import type { ReceiverDirectory } from '../registry-push/receivers.ts';
import type { TokenKeys } from '../registry-token/token-keys.ts';
import type { ApiTokenStore } from './api-token.ts';

export type ApiDeps = Deps & {
  readonly apiTokens: ApiTokenStore;
  /** Those of the configuration that holds now. */
  readonly receivers: () => ReceiverDirectory;
  /** Those who may tell of the clusters of the configuration that holds now. */
  readonly clusterSenders: () => ClusterSenders;
  readonly acceptNamespaces: AcceptNamespaces;
  /** The labels of a Namespace, where they are known just now; absent: nobody watches. */
  readonly namespaceLabels?: (cluster: string, namespace: string) => Readonly<Record<string, string>> | undefined;
  /** Called when grants were declared or withdrawn; absent: nobody watches. @throws TransshipError store-unavailable */
  readonly grantsChanged?: () => Promise<void>;
  /** What signs the tokens of registries. Absent, or nothing given: there is no token endpoint. */
  readonly tokenKeys?: () => TokenKeys | undefined;
  readonly version: string;
  /** Aborted when the host is about to end: streams end then. Absent: it never is. */
  readonly stopping?: AbortSignal;
  /** No answer of this host can be kept open: a stream ends after what there is, and the client comes again for more. */
  readonly endsStreams?: true;
  /** Absent: new work is taken. Otherwise why not, for `/readyz`. */
  readonly readiness: () => Reason | Promise<Reason>;
  /** Absent, or nothing said: the process can go on. Otherwise why only a restart helps, for `/livez`. */
  readonly brokenReason?: () => Reason;
  /** The registries that hold now, open until they are given back, whatever is loaded meanwhile. Absent: nothing closes them. */
  readonly borrowRegistries?: () => { value: Registries; giveBack: () => void };
  /** The same with what registries and clusters have for grants. */
  readonly borrowGrantBackends?: () => { value: BackendFor; giveBack: () => void };
  /** The same with all that can say who may pull. Absent: nobody is asked. */
  readonly borrowPullMeans?: () => { value: PullMeans; giveBack: () => void };
  /** The metrics as Prometheus reads them; absent: there is no `/metrics`. */
  readonly metricsText?: () => Promise<string>;
  /** How a registry answers now; absent: nobody is asked. */
  readonly probeRegistry?: (host: string) => Promise<RegistryStatus>;
  /** Gets the key sets of OIDC issuers: over HTTPS, from public addresses only, with a bound on size and time. */
  readonly fetchJson: FetchJson;
  /** Calls the listener for each change of a job, until the result is called. Absent: streams look once a second. */
  readonly onJobChange?: (listener: (change: JobChange) => void) => () => void;
};

/** In words; undefined: all is well. */
type Reason = string | undefined;

/** Who is at the other end of the connection: what only the host knows. */
export type Peer = {
  /** IP address; empty where there is none. */
  address: string;
  /** The request came through the socket in the data folder, which only its owner can open. */
  isOwner: boolean;
  /** It showed a certificate of the configured authority: the address takes nobody without one. Absent: it asks for none. */
  isCertified?: boolean;
};

/** `app.fetch(request, { peer })`; without a peer the client is somebody unknown and remote. */
export type ApiBindings = { peer?: Peer };

export type ApiEnv = {
  Bindings: ApiBindings;
  Variables: {
    requestId: string;
    /** The pattern of the route; absent where none fits. */
    route?: string;
    /** Who asks, once that is known: no secret. */
    client?: string;
  };
};
