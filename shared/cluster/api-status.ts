// Turns a refusal of an API server into a TransshipError: which object, which verb, why, and how to mend it.
// https://kubernetes.io/docs/reference/using-api/api-concepts/ (Status)
import { isTransshipError, TransshipError, type ErrorCode } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { redactText } from '../telemetry/redact-text.ts';
import type { ApiObject, ClusterRequest } from './cluster.ts';
import { fieldOf, isObject } from './json-fields.ts';
import { nameOfObject, readObjectPath, type ObjectPath } from './object-path.ts';

export type Refused = {
  cluster: string;
  request: Pick<ClusterRequest, 'method' | 'path' | 'body' | 'contentType'>;
  status: number;
  /** The parsed body; undefined where it is no JSON object. */
  body: ApiObject | undefined;
  retryAfterMs?: number;
  /** What to look at when our identity is refused. */
  loginHint: string;
};

/** What an error of a cluster tells beside its code, in `details`. */
type RefusalDetails = {
  cluster: string;
  status: number;
  /** `AlreadyExists`, `Conflict`, `Invalid`, … */
  reason?: string;
  /** `NamespaceTerminating`, `FieldManagerConflict`, … */
  causes?: readonly string[];
};

const CODES = new Map<number, ErrorCode>([
  [401, 'unauthorized'],
  [403, 'denied'],
  [404, 'not-found'],
  [408, 'cluster-unavailable'],
  [409, 'object-conflict'],
  [410, 'list-expired'],
  [429, 'too-many-requests'],
]);

/** The error for an answer of 300 or more. Of bodies that we sent with secrets in them nothing is repeated. */
export function refusalOf(refused: Refused): TransshipError {
  const { cluster, request, status, body, retryAfterMs } = refused;
  const object = readObjectPath(request.path);
  const { reason, message, causes } = readStatus(body);
  const code = isBeingRemoved(causes) ? 'object-refused' : codeOf(status);
  const verb = verbOf(request, object);
  const answer = [status, reason].filter((part) => part !== undefined).join(' ');
  const said = mayRepeat(request, object, status) && message !== undefined ? `: ${message}` : '';
  const isRetryable = code === 'too-many-requests' || code === 'cluster-unavailable' || code === 'list-expired';
  return new TransshipError(code, `cluster ${cluster}: ${verb} ${nameOfObject(object)} failed: ${answer}${said}`, {
    hint: hintFor(code, refused, verb, object, causes),
    retryable: isRetryable || code === 'object-conflict',
    ...(retryAfterMs !== undefined && isRetryable && { retryAfterMs }),
    details: {
      cluster,
      operation: `${verb} ${nameOfObject(object)}`,
      status,
      ...(reason !== undefined && { reason }),
      ...(causes.length > 0 && { causes }),
    } satisfies RefusalDetails & { operation: string },
  });
}

/** True for an error that says that the object's namespace is being removed: nothing can be made in it any more. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isTransshipError(error, 'object-refused') && hasCause(error, 'NamespaceTerminating');
}

/** True for an error that says that somebody else owns a field that was applied; its message names them. */
export function isFieldManagerConflict(error: unknown): boolean {
  return isTransshipError(error, 'object-conflict') && hasCause(error, 'FieldManagerConflict');
}

function hasCause({ details }: TransshipError, cause: string): boolean {
  return Array.isArray(details['causes']) && details['causes'].includes(cause);
}

function isBeingRemoved(causes: readonly string[]): boolean {
  return causes.includes('NamespaceTerminating');
}

function codeOf(status: number): ErrorCode {
  if (status < 400) return 'invalid-response';
  return CODES.get(status) ?? (status >= 500 ? 'cluster-unavailable' : 'object-refused');
}

type Status = { reason?: string; message?: string; causes: string[] };

/** The parts that are safe to show; a body of something else than an API server has none. */
function readStatus(body: ApiObject | undefined): Status {
  if (body === undefined || fieldOf(body, 'kind') !== 'Status') return { causes: [] };
  const [reason, message, details] = ['reason', 'message', 'details'].map((name) => fieldOf(body, name));
  const causes = isObject(details) ? fieldOf(details, 'causes') : undefined;
  const reasons = (Array.isArray(causes) ? causes : [])
    .filter(isObject)
    .map((cause) => fieldOf(cause, 'reason'))
    .filter((cause): cause is string => typeof cause === 'string');
  return {
    ...(typeof reason === 'string' && { reason: printable(reason, 60) }),
    ...(typeof message === 'string' && message !== '' && { message: printable(redactText(message), 400) }),
    causes: [...new Set(reasons)].slice(0, 10).map((cause) => printable(cause, 60)),
  };
}

/**
 * Servers repeat parts of what they cannot read: https://pkg.go.dev/vuln/GO-2025-3433. Who is refused for who he is, or because of the
 * object that is there, is told nothing of the body.
 */
function mayRepeat({ body }: Refused['request'], { resource }: ObjectPath, status: number): boolean {
  if (body === undefined || [401, 403, 404, 409, 429].includes(status)) return true;
  return !/^(secrets|serviceaccounts\/token|tokenreviews)\b/.test(resource);
}

/** As RBAC names it. https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb */
function verbOf({ method }: Refused['request'], { name }: ObjectPath): string {
  if (method === 'GET') return name === undefined ? 'list' : 'get';
  return VERBS[method];
}

const VERBS = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

function hintFor(
  code: ErrorCode,
  { cluster, loginHint }: Refused,
  verb: string,
  object: ObjectPath,
  causes: readonly string[],
): string {
  const place = object.namespace === undefined ? 'in the whole cluster' : `in namespace ${object.namespace}`;
  const resource = object.group === undefined ? object.resource : `${object.resource} of ${object.group}`;
  switch (code) {
    case 'unauthorized':
      return loginHint;
    case 'denied':
      return `give our identity the verb "${verb}" on ${resource} ${place}: "transship cluster manifests" prints what it needs`;
    case 'not-found':
      return 'it may just have been removed: the next run looks again';
    case 'object-conflict':
      return 'somebody else wrote it meanwhile, or owns it: the next run looks again';
    case 'list-expired':
      return 'the API server has forgotten that state: list again';
    case 'too-many-requests':
      return `the API server of ${cluster} is busy: lower limits.requestsPerSecond of this cluster`;
    case 'cluster-unavailable':
      return `the API server of ${cluster}, or a webhook that it asks, has a problem of its own: look at its log`;
    case 'invalid-response':
      return 'redirects are not followed: give the address of the API server itself';
    default:
      if (isBeingRemoved(causes)) return 'the namespace is being removed: nothing can be made in it';
      return 'look at the admission policies, webhooks and quotas of the cluster, and at the version of its API';
  }
}
