// Reads the audit log of a Kubernetes API server: one event a line, each request at the end of its answer.
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/

export type AuditEvent = {
  stage: string;
  /** As RBAC names it. */
  verb: string;
  user: string;
  userAgent: string;
  uri: string;
  resource: string | undefined;
  subresource: string | undefined;
  namespace: string | undefined;
  name: string | undefined;
  status: number;
};

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

export function readAuditLog(text: string): AuditEvent[] {
  // the last line may still be on its way
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => toEvent(JSON.parse(line)));
}

/** True for a request that was to change something. */
export function isWrite({ verb, resource, subresource }: AuditEvent): boolean {
  // reviews and tokens are made, but nothing is stored
  const isStored = !resource?.endsWith('reviews') && subresource !== 'token';
  return WRITES.has(verb) && isStored;
}

function toEvent(line: {
  stage: string;
  verb: string;
  user: { username: string };
  userAgent?: string;
  requestURI: string;
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
}): AuditEvent {
  const { stage, verb, user, userAgent = '', requestURI: uri, objectRef = {}, responseStatus } = line;
  const { resource, subresource, namespace, name } = objectRef;
  const where = { resource, subresource, namespace, name };
  return { stage, verb, user: user.username, userAgent, uri, ...where, status: responseStatus?.code ?? 0 };
}
