// The audit log of an EKS cluster, as a subscription of CloudWatch Logs sends it: base64 of gzip of lines.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
import { gunzipSync } from 'node:zlib';
import { isRecord } from '../fields.ts';
import { parseJson } from '../read-body.ts';
import { namespaceOfAudit } from './audit-event.ts';
import { entriesOf, type FoundNamespace, malformed } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

/** A subscription sends 1 MB at most of what is compressed; audit logs shrink to a tenth. */
const MOST_DECOMPRESSED_BYTES = 16 * 1024 * 1024;
const AUDIT_STREAM = /^kube-apiserver-audit-/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export const eks: NamespaceSource = {
  fits: (body) => isRecord(body) && isRecord(body['awslogs']),
  read(body) {
    const log = isRecord(body) && isRecord(body['awslogs']) ? decompressed(body['awslogs']['data']) : undefined;
    if (!isRecord(log)) throw malformed('awslogs.data holds no log');
    const { messageType, logStream, logEvents } = log;
    // it asks whether anybody is there
    if (messageType === 'CONTROL_MESSAGE') return [];
    if (messageType !== 'DATA_MESSAGE') throw malformed('awslogs.data is no message of CloudWatch Logs');
    const lines = entriesOf(logEvents, 'logEvents');
    if (typeof logStream !== 'string' || !AUDIT_STREAM.test(logStream)) return [];
    return lines.map(readLine).filter((found) => found !== undefined);
  },
};

function decompressed(data: unknown): unknown {
  if (typeof data !== 'string' || !BASE64.test(data)) throw malformed('awslogs.data is no base64');
  try {
    return parseJson(gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: MOST_DECOMPRESSED_BYTES }));
  } catch {
    throw malformed(`awslogs.data is no gzip, or more than ${MOST_DECOMPRESSED_BYTES} bytes of it`);
  }
}

function readLine(line: unknown): FoundNamespace | undefined {
  const message = isRecord(line) ? line['message'] : undefined;
  if (typeof message !== 'string') throw malformed('a log event has no message');
  const event = parseJson(Buffer.from(message));
  // CloudWatch cuts long lines, which is no fault of who sends them on
  return event === undefined ? undefined : namespaceOfAudit('eks', event);
}
