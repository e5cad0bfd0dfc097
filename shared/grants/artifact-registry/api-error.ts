// What an error of Google's client means for who called it. No sentence of Google's is repeated but by its code.
// https://cloud.google.com/apis/design/errors#error_codes
import { type ErrorCode, isTransshipError, TransshipError } from '../../errors.ts';
import { proxyTrouble } from '../../identity/proxy-failure.ts';

/** In `details.reason` of a 400: the policy names somebody both as deleted and as living. */
export const DELETED_MEMBER = 'deleted-member';

/** The codes of gRPC, which the client gives its errors also by REST, and of HTTP, which it gave them before. */
const CODES = new Map<number, [ErrorCode, boolean]>([
  [3, ['registry-error', false]],
  [4, ['timeout', true]],
  [5, ['not-found', false]],
  [7, ['denied', false]],
  [8, ['too-many-requests', true]],
  [9, ['registry-error', false]],
  [10, ['object-conflict', true]],
  [13, ['registry-unavailable', true]],
  [14, ['registry-unavailable', true]],
  [16, ['unauthorized', false]],
  [400, ['registry-error', false]],
  [401, ['unauthorized', false]],
  [403, ['denied', false]],
  [404, ['not-found', false]],
  [409, ['object-conflict', true]],
  [429, ['too-many-requests', true]],
]);

/** @param what what was being done, in words for errors: `read the IAM policy of …` */
export function apiError(error: unknown, what: string): TransshipError {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
    if (isTransshipError(cause)) return cause;
  }
  const httpStatus = numberIn(error, 'httpStatusCode');
  const code = numberIn(error, 'code');
  const isUnanswered = httpStatus === undefined && code === 14;
  const atProxy = isUnanswered ? proxyTrouble(error) : undefined;
  const [kind, isRetryable] = isUnanswered ? (['connection-failed', true] as const) : meaningOf(code, httpStatus);
  const answer = httpStatus ?? code;
  const message = error instanceof Error ? error.message : '';
  const isDeleted = kind === 'registry-error' && /inconsistent representation of deleted member/i.test(message);
  return new TransshipError(
    kind,
    `Google Artifact Registry: ${what} failed: ${isUnanswered ? (atProxy?.reason ?? 'there is no connection') : `answered ${answer ?? 'something unknown'}`}`,
    {
      hint: atProxy?.hint ?? hintFor(kind),
      retryable: isRetryable,
      details: {
        operation: what,
        ...(answer === undefined ? {} : { status: answer }),
        ...(isDeleted ? { reason: DELETED_MEMBER } : {}),
      },
    },
  );
}

/** Google refuses what the policy says: an unknown principal, a role that does not go with it, too much of it. */
export function isRefusal(error: unknown): error is TransshipError {
  const { status } = isTransshipError(error, 'registry-error') ? error.details : {};
  return status === 400 || status === 3 || status === 9;
}

function meaningOf(code: number | undefined, httpStatus: number | undefined): readonly [ErrorCode, boolean] {
  const known = CODES.get(code ?? -1) ?? CODES.get(httpStatus ?? -1);
  if (known !== undefined) return known;
  return (httpStatus ?? 0) >= 500 ? ['registry-unavailable', true] : ['registry-error', false];
}

function numberIn(error: unknown, name: string): number | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === 'number' ? value : undefined;
}

function hintFor(code: ErrorCode): string {
  if (code === 'denied') {
    return 'give the identity artifactregistry.repositories.list, getIamPolicy and setIamPolicy, as in roles/artifactregistry.admin, and enable artifactregistry.googleapis.com';
  }
  if (code === 'unauthorized') return 'check the identity in the credential of this registry';
  if (code === 'not-found') return 'check the names of the project, the location and the repository';
  if (code === 'object-conflict') return 'somebody else changes this policy at the same time: try again';
  if (code === 'registry-error') return 'check that every principal of the grant exists, and how it is written';
  if (code === 'connection-failed') return 'check the network and the proxy (HTTPS_PROXY)';
  return 'Google is busy or limits these calls: try again later';
}
