// The one error model of Transship: a closed set of codes, what can be retried, and a hint that says how to mend it.
// Hosts translate it at their edge: exit code and two lines on the CLI, a problem document over HTTP, retry or bury on a queue.

/** What went wrong, by class. The CLI's exit code and the HTTP status follow from the code alone. */
export type ErrorCode =
  // what the user wrote
  | 'invalid-usage'
  | 'invalid-reference'
  | 'invalid-digest'
  | 'invalid-platform'
  | 'invalid-config'
  | 'invalid-credential-file'
  // what a registry sent
  | 'invalid-response'
  | 'invalid-manifest'
  | 'unsupported-manifest'
  | 'manifest-too-large'
  | 'digest-mismatch'
  | 'size-mismatch'
  // the way there
  | 'connection-failed'
  | 'tls-failed'
  | 'timeout'
  | 'egress-denied'
  | 'too-many-redirects'
  // what a registry answered
  | 'unauthorized'
  | 'denied'
  | 'not-found'
  | 'unsupported'
  | 'too-many-requests'
  | 'registry-unavailable'
  | 'registry-error'
  | 'upload-lost'
  | 'blob-unknown'
  // what the API server of a cluster answered
  | 'object-conflict'
  | 'object-refused'
  | 'list-expired'
  | 'cluster-unavailable'
  // what Transship decided
  | 'no-matching-platform'
  | 'conflict-refused'
  | 'tag-immutable'
  | 'plan-changed'
  | 'grant-refused'
  | 'credential-helper-failed'
  | 'copy-failed'
  | 'deploy-failed'
  // jobs and their store
  | 'invalid-job'
  | 'fence-lost'
  | 'worker-lost'
  | 'store-unavailable'
  | 'store-locked'
  | 'interrupted'
  // what somebody asked of Transship over HTTP
  | 'webhook-unauthorized'
  // what a server of Transship answered a command
  | 'server-error'
  | 'internal';

/** Where it happened; each part is safe to print (no secret, no query string). */
export type ErrorDetails = {
  registry?: string;
  repository?: string;
  cluster?: string;
  operation?: string;
  status?: number;
  [key: string]: unknown;
};

type ErrorOptions = {
  /** One line: what to do about it. */
  hint?: string;
  /** True when the same call may succeed later; false by default. */
  retryable?: boolean;
  /** The least time to wait before the next try, in milliseconds. */
  retryAfterMs?: number;
  details?: ErrorDetails;
  cause?: unknown;
};

/** Every failure that Transship throws on purpose. The message is one line: what, where and why. */
export class TransshipError extends Error {
  override readonly name = 'TransshipError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

/** True for a TransshipError, optionally of one of the given codes. */
export function isTransshipError(error: unknown, ...codes: ErrorCode[]): error is TransshipError {
  return error instanceof TransshipError && (codes.length === 0 || codes.includes(error.code));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
