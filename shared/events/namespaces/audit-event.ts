// One event of a Kubernetes audit log, in whatever it comes: the Namespace that it says was made.
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event
import { isRecord } from '../fields.ts';
import { foundNamespace, type FoundNamespace, malformed, type NamespaceEventSource } from './namespace-event.ts';

const CREATED = 201;
/** Server-side apply makes by PATCH what is not there. */
const VERBS = ['create', 'patch', 'update'];

/** Undefined for an event about something else, or of something that did not happen. @throws TransshipError invalid-usage */
export function namespaceOfAudit(source: NamespaceEventSource, event: unknown): FoundNamespace | undefined {
  if (!isRecord(event)) throw malformed('an entry of it is no audit event');
  const { stage, verb, objectRef, responseStatus, responseObject, requestURI } = event;
  if (typeof stage !== 'string' || typeof verb !== 'string') throw malformed('an audit event has no stage or no verb');
  // requests beside the API's resources refer to no object
  if (!isRecord(objectRef) || objectRef['resource'] !== 'namespaces') return undefined;
  if (isText(objectRef['apiGroup']) || isText(objectRef['subresource'])) return undefined;
  const isDone = isRecord(responseStatus) && responseStatus['code'] === CREATED;
  if (stage !== 'ResponseComplete' || !VERBS.includes(verb) || !isDone || isDryRun(requestURI)) return undefined;
  const made = isRecord(responseObject) && isRecord(responseObject['metadata']) ? responseObject['metadata'] : {};
  const name = isText(objectRef['name']) ? objectRef['name'] : made['name'];
  // by generateName, and the policy keeps no answers: only the cluster knows it
  if (name === undefined) return undefined;
  return foundNamespace(source, name, made['uid'] ?? objectRef['uid']);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run */
function isDryRun(requestUri: unknown): boolean {
  return typeof requestUri === 'string' && /[?&]dryRun=/.test(requestUri);
}
