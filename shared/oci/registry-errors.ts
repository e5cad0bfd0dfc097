// Turns a registry's refusal into a TransshipError: the code in the body decides, then the status; the hint says how to mend it.
// What the server wrote is shown on one line, without secrets.
import { type ErrorCode, TransshipError } from '../errors.ts';
import { readServerErrors, type ServerError } from './registry-error-body.ts';
import { parseRetryAfter } from './http/retry-after.ts';
import { isRetryableStatus } from './http/retry.ts';

export type RefusedRequest = {
  registry: string;
  repository?: string;
  /** What was being done, in words: "read manifest 1.0". */
  operation: string;
  method: string;
  status: number;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
  /** The beginning of the body; empty for HEAD. */
  body: Uint8Array;
  now: Date;
};

// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
const SERVER_CODES = new Map<string, ErrorCode>([
  ['UNAUTHORIZED', 'unauthorized'],
  ['DENIED', 'denied'],
  ['NAME_UNKNOWN', 'not-found'],
  ['MANIFEST_UNKNOWN', 'not-found'],
  ['NOT_FOUND', 'not-found'],
  ['BLOB_UNKNOWN', 'blob-unknown'],
  ['MANIFEST_BLOB_UNKNOWN', 'blob-unknown'],
  ['BLOB_UPLOAD_UNKNOWN', 'upload-lost'],
  ['BLOB_UPLOAD_INVALID', 'upload-lost'],
  ['DIGEST_INVALID', 'digest-mismatch'],
  ['SIZE_INVALID', 'size-mismatch'],
  ['TOOMANYREQUESTS', 'too-many-requests'],
  ['UNAVAILABLE', 'registry-unavailable'],
  ['UNSUPPORTED', 'unsupported'],
  ['MANIFEST_INVALID', 'registry-error'],
  ['MANIFEST_UNVERIFIED', 'registry-error'],
  ['NAME_INVALID', 'registry-error'],
  ['TAG_INVALID', 'registry-error'],
]);

const STATUSES = new Map<number, ErrorCode>([
  [401, 'unauthorized'],
  [402, 'denied'],
  [403, 'denied'],
  [404, 'not-found'],
  [405, 'unsupported'],
  [408, 'timeout'],
  [429, 'too-many-requests'],
  [451, 'denied'],
]);

const RETRYABLE_CODES = new Set<ErrorCode>(['too-many-requests', 'registry-unavailable', 'timeout']);
const IMMUTABLE_CODES = new Set(['TAG_INVALID', 'TAG_IMMUTABLE', 'PRECONDITION', 'IMAGETAGALREADYEXISTSEXCEPTION']);
const IMMUTABLE_TEXT = /immutab|ImageTagAlreadyExists|cannot be overwritten/i;

/** The error for an answer that was not expected; `details` holds status, method and the server's own code. */
export function errorFromResponse(request: RefusedRequest): TransshipError {
  const { registry, repository, operation, method, status } = request;
  const errors = readServerErrors(request.body);
  const server = errors.find((error) => SERVER_CODES.has(error.code ?? '')) ?? errors[0] ?? {};
  const code = classify(request, server);
  const retryable = RETRYABLE_CODES.has(code);
  const retryAfterMs = retryable ? parseRetryAfter(request.headers['retry-after'], request.now) : undefined;
  const place = repository === undefined ? registry : `${registry}/${repository}`;
  const answer = [status, server.code].filter((part) => part !== undefined).join(' ');
  const said = server.message === undefined ? '' : `: ${server.message}`;
  return new TransshipError(code, `${place}: ${operation} failed: ${answer}${said}`, {
    hint: hintFor(code, request, server),
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    details: {
      registry,
      ...(repository !== undefined && { repository }),
      operation,
      method,
      status,
      ...(server.code !== undefined && { serverCode: server.code }),
    },
  });
}

function classify(request: RefusedRequest, server: ServerError): ErrorCode {
  const { method, status } = request;
  if (method === 'PUT' && isImmutableTag(status, server)) return 'tag-immutable';
  const known = SERVER_CODES.get(server.code ?? '');
  if (known !== undefined) return known;
  if (status < 400) return 'invalid-response';
  // A lost session has no status of its own: PATCH goes to nothing else, and 416 is what a wrong offset gets.
  if (method === 'PATCH' && (status === 404 || status === 416)) return 'upload-lost';
  // Harbor answers 412 to pulls that a project's policy blocks.
  if (status === 412 && (method === 'GET' || method === 'HEAD')) return 'denied';
  if (status === 413 && request.operation.includes('manifest')) return 'manifest-too-large';
  return STATUSES.get(status) ?? (isRetryableStatus(status) ? 'registry-unavailable' : 'registry-error');
}

/**
 * ECR says TAG_INVALID (our tags are checked before, so it can mean nothing else), Harbor 412 PRECONDITION, others only words.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
 */
function isImmutableTag(status: number, server: ServerError): boolean {
  if (status < 400 || status >= 500) return false;
  return IMMUTABLE_CODES.has(server.code ?? '') || IMMUTABLE_TEXT.test(server.message ?? '');
}

function hintFor(code: ErrorCode, request: RefusedRequest, server: ServerError): string {
  const { registry, repository, method, status } = request;
  const place = repository === undefined ? registry : `${registry}/${repository}`;
  const reads = method === 'GET' || method === 'HEAD';
  const login = `"docker login ${registry}"`;
  if (/\bquota\b/i.test(server.message ?? '') && code === 'denied') return `free space in ${place} or raise its quota`;
  if (status === 413) return `${registry} or a proxy before it limits the size of requests: raise that limit`;
  const hints = new Map<ErrorCode, string>([
    ['unauthorized', `log in with ${login}, or check that the login is still valid and may use ${place}`],
    [
      'denied',
      `the login must be allowed to ${reads ? 'pull from' : 'push to'} ${place}: ask its owner, or use another one (${login})`,
    ],
    [
      'not-found',
      reads
        ? `check the name and the tag; without a login that may see it, a private repository looks absent (${login})`
        : `create ${place} first if ${registry} does not create repositories by itself`,
    ],
    ['too-many-requests', `wait and try again; a login (${login}) often has a higher limit`],
    ['registry-unavailable', `${registry} has a problem of its own: try again later`],
    ['timeout', `${registry} was too slow: try again later`],
    [
      'tag-immutable',
      `tags of ${place} cannot be moved: choose another tag, or allow it in the settings of the repository`,
    ],
    ['upload-lost', `copy again; if it happens often, the replicas of ${registry} do not share their upload state`],
    ['blob-unknown', `copy again: ${registry} lacks a blob, which its clean-up may have removed meanwhile`],
    [
      'digest-mismatch',
      `the content changed on the way, or ${registry} does not know this digest algorithm; nothing was written`,
    ],
    ['size-mismatch', 'the content changed on the way; nothing was written'],
    ['unsupported', `${registry} does not offer this: look at what its version and settings allow`],
    ['invalid-response', `check that ${registry} is a registry and that no proxy answers in its place`],
  ]);
  return hints.get(code) ?? `look into the log of ${registry} for the reason`;
}
