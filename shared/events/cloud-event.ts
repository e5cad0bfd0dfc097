// Reads CloudEvents as HTTP carries them: attributes in headers, one envelope in the body, or a list of envelopes.
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
import type * as z from 'zod';
import { anything, entriesOf, isRecord, record, text, time } from './fields.ts';
import type { SentTime } from './push-source.ts';
import type { RequestHeaders } from './receiver.ts';
import { headerText } from './request-header.ts';

export type CloudEvent = {
  type: string;
  source: string | null;
  subject: string | null;
  id: string | null;
  time: SentTime;
  data: unknown;
};

const Envelope = record({ type: text, source: text, subject: text, id: text, time, data: anything });

/** The events of a request, in order; entries without a type are none. */
export function readCloudEvents(body: unknown, headers: RequestHeaders): CloudEvent[] {
  const isBinary = headerText(headers, 'ce-type') !== null && isRecord(body);
  const envelopes = isBinary ? [binary(body, headers)] : structured(body);
  return envelopes.flatMap(({ type, ...event }) => (type === null ? [] : [{ ...event, type }]));
}

function structured(body: unknown): z.infer<typeof Envelope>[] {
  return (isRecord(body) ? [body] : entriesOf(body)).map((entry) => Envelope.parse(entry));
}

function binary(data: unknown, headers: RequestHeaders): z.infer<typeof Envelope> {
  return {
    type: headerText(headers, 'ce-type'),
    source: headerText(headers, 'ce-source'),
    subject: headerText(headers, 'ce-subject'),
    id: headerText(headers, 'ce-id'),
    time: headerText(headers, 'ce-time'),
    data,
  };
}
