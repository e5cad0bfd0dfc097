// The audit log of a GKE cluster: an entry of Cloud Logging, through a push subscription of Pub/Sub, with its wrapping or without.
// Through Eventarc it comes as a CloudEvent: see cloud-events.ts.
// https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging
import { isRecord } from '../fields.ts';
import { parseJson } from '../read-body.ts';
import { foundNamespace, type FoundNamespace, malformed } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

const CREATED = 'io.k8s.core.v1.namespaces.create';
const RESOURCE = /^core\/v1\/namespaces\/([^/]+)$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

export const gke: NamespaceSource = {
  fits: (body) => isRecord(body) && (isRecord(body['message']) || isRecord(body['protoPayload'])),
  read(body) {
    const found = isRecord(body) && 'message' in body ? namespaceOfMessage(body) : namespaceOfEntry(body);
    return found === undefined ? [] : [found];
  },
};

/** `{"message":{"data":"<base64>"}}`. @throws TransshipError invalid-usage */
export function namespaceOfMessage(push: unknown): FoundNamespace | undefined {
  const message = isRecord(push) ? push['message'] : undefined;
  const data = isRecord(message) ? message['data'] : undefined;
  if (typeof data !== 'string' || !BASE64.test(data)) throw malformed('message.data is no base64');
  return namespaceOfEntry(parseJson(Buffer.from(data, 'base64')));
}

/** Undefined for an entry of another log, or about something else. @throws TransshipError invalid-usage */
export function namespaceOfEntry(entry: unknown): FoundNamespace | undefined {
  if (!isRecord(entry)) throw malformed('there is no log entry in it');
  const { protoPayload } = entry;
  if (!isRecord(protoPayload)) return undefined;
  const { methodName, resourceName, status, response } = protoPayload;
  if (methodName !== CREATED || isFailure(status)) return undefined;
  const metadata = isRecord(response) && isRecord(response['metadata']) ? response['metadata'] : {};
  const name = typeof resourceName === 'string' ? RESOURCE.exec(resourceName)?.[1] : undefined;
  return foundNamespace('gke', name ?? metadata['name'], metadata['uid']);
}

/** Code 0, or none, is success: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog */
function isFailure(status: unknown): boolean {
  return isRecord(status) && typeof status['code'] === 'number' && status['code'] !== 0;
}
