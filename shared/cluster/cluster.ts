// A Kubernetes cluster as the rooms see it: named requests to its API server, whoever we are there and however it is reached.

export type ClusterRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Of the API, from its root and escaped: `/api/v1/namespaces/team-a/secrets/registry-pull`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Sent as JSON. It may hold secrets: it never gets into an error or a log. */
  body?: unknown;
  /** What kind of PATCH it is; absent: plain JSON. */
  contentType?: 'application/json-patch+json' | 'application/apply-patch+yaml' | 'application/merge-patch+json';
  /** `metadata`: labels, annotations and versions only, of one object or of a list; the content stays at the server. */
  view?: 'whole' | 'metadata';
  signal?: AbortSignal;
};

/** A JSON object of the API; its members are still to be checked. */
export type ApiObject = Readonly<Record<string, unknown>>;

export type Cluster = {
  /** As the configuration calls it. */
  readonly name: string;
  /**
   * One request, paced by the limit of this cluster; a GET or a review that failed on the way is tried again.
   * @throws TransshipError unauthorized, denied, not-found, object-conflict (409), list-expired (410), object-refused (400, 422),
   * too-many-requests, cluster-unavailable (5xx, no answer in time), connection-failed, tls-failed
   */
  send(request: ClusterRequest): Promise<ApiObject>;
  /** The events of a watch, as they come; it ends when the server ends it. @throws as `send` */
  watch(request: Omit<ClusterRequest, 'method' | 'body' | 'contentType'>): AsyncIterable<ApiObject>;
  /** What the cluster's clock shows now, by its last answer; ours before the first. */
  now(): Date;
  close(): Promise<void>;
};
