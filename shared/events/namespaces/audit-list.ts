// The audit webhook of a self-managed API server: a list of audit events.
// https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#webhook-backend
import { isRecord } from '../fields.ts';
import { namespaceOfAudit } from './audit-event.ts';
import { entriesOf } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

export const auditList: NamespaceSource = {
  fits: (body) => isRecord(body) && body['kind'] === 'EventList' && isAuditVersion(body['apiVersion']),
  read: (body) =>
    entriesOf(isRecord(body) ? body['items'] : undefined, 'items')
      .map((event) => namespaceOfAudit('audit', event))
      .filter((found) => found !== undefined),
};

function isAuditVersion(version: unknown): boolean {
  return typeof version === 'string' && version.startsWith('audit.k8s.io/');
}
