// Problem documents, the one form of every error of the API, and which failure gives which status.
// https://www.rfc-editor.org/rfc/rfc9457
import * as z from 'zod';
import { isTransshipError, type ErrorCode } from '../../shared/errors.ts';
import { redactText } from '../../shared/telemetry/redact-text.ts';
import { printable } from '../../shared/telemetry/printable.ts';

/** What is wrong with a request before anything was tried. */
type RequestCode =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'conflict'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'invalid-json'
  | 'invalid-request'
  | 'idempotency-key-reused'
  | 'too-many-requests'
  | 'unavailable';

export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('stable, for programs'),
    hint: z.string().optional().describe('what to do about it'),
    requestId: z.string().optional().describe('stands in the log of the server, too'),
    errors: z
      .array(
        z.object({
          detail: z.string(),
          pointer: z.string().optional().describe('JSON pointer into the body'),
          parameter: z.string().optional().describe('name of the parameter or header'),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'An error: https://www.rfc-editor.org/rfc/rfc9457' });

type RequestError = { detail: string; pointer?: string; parameter?: string };

export type Problem = {
  status: number;
  code: RequestCode | ErrorCode;
  detail: string;
  hint?: string;
  errors?: readonly RequestError[];
  headers?: Readonly<Record<string, string>>;
};

/** A request that is not served; thrown where it is found out, told at the edge. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const RETRY_AFTER_MS = 5_000;

/** https://www.rfc-editor.org/rfc/rfc9110#section-15 */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** 502 and 504 are about registries and clusters: their 401 is none of ours. */
const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  'invalid-usage': 422,
  'invalid-reference': 422,
  'invalid-digest': 422,
  'invalid-platform': 422,
  'invalid-config': 422,
  'invalid-credential-file': 500,
  'invalid-response': 502,
  'invalid-manifest': 502,
  'unsupported-manifest': 422,
  'manifest-too-large': 422,
  'digest-mismatch': 502,
  'size-mismatch': 502,
  'connection-failed': 502,
  'tls-failed': 502,
  timeout: 504,
  'egress-denied': 502,
  'too-many-redirects': 502,
  unauthorized: 502,
  denied: 502,
  'not-found': 404,
  unsupported: 422,
  'too-many-requests': 503,
  'registry-unavailable': 502,
  'registry-error': 502,
  'upload-lost': 502,
  'blob-unknown': 502,
  'object-conflict': 409,
  'object-refused': 502,
  'list-expired': 502,
  'cluster-unavailable': 502,
  'no-matching-platform': 422,
  'conflict-refused': 409,
  'tag-immutable': 409,
  'plan-changed': 412,
  'grant-refused': 403,
  'credential-helper-failed': 502,
  'copy-failed': 502,
  'deploy-failed': 502,
  'invalid-job': 422,
  'fence-lost': 409,
  'worker-lost': 500,
  'store-unavailable': 503,
  'store-locked': 503,
  interrupted: 503,
  'webhook-unauthorized': 401,
  'server-error': 502,
  internal: 500,
};

/** The problem behind anything that was thrown; what was not thrown on purpose tells nothing of itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return error.problem;
  // a code that a newer part made up is a fault, too
  const status = isTransshipError(error) ? (STATUS_OF[error.code] ?? 500) : 500;
  if (!isTransshipError(error) || status === 500) {
    return {
      status: 500,
      code: 'internal',
      detail: 'the server failed at this request',
      hint: 'look for the request id in the log of the server',
    };
  }
  return {
    status,
    code: error.code,
    detail: shown(error.message),
    ...(error.hint === undefined ? {} : { hint: shown(error.hint) }),
    ...(status === 503 ? { headers: retryAfter(error.retryAfterMs ?? RETRY_AFTER_MS) } : {}),
  };
}

export function problemResponse(problem: Problem, requestId?: string): Response {
  const { status, code, detail, hint, errors } = problem;
  const body = { type: 'about:blank', title: titleOf(status), status, detail, code, hint, requestId, errors };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...problem.headers },
  });
}

/** The name of an error's status. */
export function titleOf(status: number): string {
  return TITLES[status] ?? 'Error';
}

/** The header that tells when to come again, in whole seconds. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfter(ms: number): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) };
}

/** Messages quote what registries and clients sent. */
function shown(text: string): string {
  return printable(redactText(text), 600);
}
