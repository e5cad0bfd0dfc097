// The audit log of an AKS cluster through an Event Hub: records of Azure Monitor, each with an audit event as text.
// https://learn.microsoft.com/azure/aks/monitor-aks-reference#resource-logs
import { isRecord } from '../fields.ts';
import { parseJson } from '../read-body.ts';
import { namespaceOfAudit } from './audit-event.ts';
import { entriesOf, type FoundNamespace, malformed } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

const CATEGORIES = ['kube-audit', 'kube-audit-admin'];

export const aks: NamespaceSource = {
  // an Event Hub hands several messages over at once
  fits: (body) => (Array.isArray(body) ? body.length > 0 && body.every(isMessage) : isMessage(body)),
  read: (body) =>
    (Array.isArray(body) ? entriesOf(body, 'the list of messages') : [body])
      .flatMap((message) => entriesOf(isRecord(message) ? message['records'] : undefined, 'records'))
      .map(readRecord)
      .filter((found) => found !== undefined),
};

function isMessage(value: unknown): boolean {
  return isRecord(value) && 'records' in value;
}

function readRecord(record: unknown): FoundNamespace | undefined {
  if (!isRecord(record) || typeof record['category'] !== 'string') throw malformed('a record has no category');
  if (!CATEGORIES.includes(record['category'])) return undefined;
  const { properties } = record;
  const log = isRecord(properties) ? properties['log'] : undefined;
  const event = typeof log === 'string' ? parseJson(Buffer.from(log)) : log;
  if (log === undefined) throw malformed('an audit record has no log');
  // long lines are cut on their way, which is no fault of who sends them on
  return event === undefined ? undefined : namespaceOfAudit('aks', event);
}
