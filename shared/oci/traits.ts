// How one vendor's registry differs from the specification, as data. The values live in shared/registries/<vendor>.ts.

/** Classes of requests that registries limit separately. */
export type ActionClass = 'head' | 'read' | 'start' | 'upload' | 'manifest-write' | 'list';

/** Vendor differences that the distribution client and the copy engine act on. */
export type Traits = {
  login: {
    /** The status for a login that has ended; where it is not 401, it stands for a lack of rights, too, and the registry's words decide. */
    endedStatus: 401 | 403;
  };
  upload: {
    /** How a blob is sent: one PUT, or PATCHes of `chunkBytes` and a closing PUT. */
    strategy: 'monolithic' | 'chunked';
    /** Blobs up to this size go in one PUT even where the strategy is chunked. */
    monolithicUpToBytes: number;
    /** Size of one PATCH, in bytes. */
    chunkBytes: number;
    /**
     * Whether an upload goes on in another process, in PATCHes even where smaller blobs go in one PUT.
     * `status`: from the offset that the session tells. `location`: from the last acknowledged offset, if the session is still there.
     * `none`: it begins anew.
     */
    resume: 'status' | 'location' | 'none';
  };
  mount: {
    /** False where a mount is never answered 201 (or breaks): plain sessions only. */
    supported: boolean;
    /** True where `?mount=D&from=<the target repository itself>` answers 201 for a blob that is there and 202 (a session) otherwise. */
    selfProbe: boolean;
  };
  referrers: {
    /** `api`: GET /referrers works; `tag`: only the fallback tag; `detect`: ask and remember. */
    mode: 'api' | 'tag' | 'detect';
  };
  manifest: {
    /** Statuses beside 404 that a HEAD gives for a manifest that is not there. */
    absentStatuses: readonly number[];
    /** False where a HEAD answers 404 for manifests that a GET returns. */
    headReliable: boolean;
  };
  blob: {
    /** False where HEAD on a blob fails although GET works. */
    headReliable: boolean;
  };
  tags: {
    /** `n` of one page of tags/list. */
    pageSize: number;
  };
  /** Requests in flight to start with, per action class; raised and lowered by answers. */
  concurrency: { start: number; max: number };
  /** Published limits, requests per second, at 80 %; absent classes are not limited. */
  ratesPerSecond: Partial<Record<ActionClass, number>>;
};
