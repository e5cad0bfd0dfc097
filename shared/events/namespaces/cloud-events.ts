// CloudEvents, with their attributes in headers, in one envelope or in a list: of Knative's ApiServerSource, of Eventarc, and of anybody
// who says that a Namespace was made.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
// https://knative.dev/docs/eventing/sources/apiserversource/
import { isRecord } from '../fields.ts';
import { parseJson } from '../read-body.ts';
import type { RequestHeaders } from '../receiver.ts';
import { headerOf } from '../request-header.ts';
import { namespaceOfEntry, namespaceOfMessage } from './gke.ts';
import { entriesOf, type FoundNamespace, malformed, namespaceOfObject } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

type CloudEvent = { type: string; data: unknown };

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes */
const REQUIRED = ['specversion', 'id', 'source', 'type'] as const;
/** `namespace.created`, `com.example.namespaces.v1.add`, … */
const NAMESPACE_CREATED = /(?:^|[._/-])namespaces?[._/-](?:v1[._/-])?(?:add|added|create|created)$/i;

const READERS: ReadonlyMap<string, (data: unknown) => FoundNamespace | undefined> = new Map([
  ['dev.knative.apiserver.resource.add', (data: unknown) => namespaceOfObject('knative', data)],
  ['dev.knative.apiserver.ref.add', (data: unknown) => namespaceOfObject('knative', data)],
  ['google.cloud.audit.log.v1.written', namespaceOfEntry],
  ['google.cloud.pubsub.topic.v1.messagePublished', namespaceOfMessage],
]);

export const cloudEvents: NamespaceSource = {
  fits: (body, headers) =>
    isBinary(headers) || (Array.isArray(body) ? body.length > 0 && body.every(isEnvelope) : isEnvelope(body)),
  read: (body, headers) =>
    readEvents(body, headers)
      .map(readEvent)
      .filter((found) => found !== undefined),
};

function readEvents(body: unknown, headers: RequestHeaders): CloudEvent[] {
  if (isBinary(headers)) return [checked((name) => headerOf(headers, `ce-${name}`), body)];
  const envelopes = Array.isArray(body) ? entriesOf(body, 'the batch') : [body];
  return envelopes.map((envelope) => {
    if (!isRecord(envelope)) throw malformed('an entry of it is no CloudEvent');
    const { data, data_base64: bytes } = envelope;
    const isInBytes = data === undefined && typeof bytes === 'string';
    return checked((name) => envelope[name], isInBytes ? parseJson(Buffer.from(bytes, 'base64')) : data);
  });
}

function checked(attribute: (name: string) => unknown, data: unknown): CloudEvent {
  for (const name of REQUIRED) {
    const value = attribute(name);
    if (typeof value !== 'string' || value === '') throw malformed(`a CloudEvent has no ${name}`);
  }
  return { type: String(attribute('type')), data };
}

function readEvent({ type, data }: CloudEvent): FoundNamespace | undefined {
  const read = READERS.get(type);
  if (read !== undefined) return read(data);
  if (!NAMESPACE_CREATED.test(type)) return undefined;
  // who writes such an event by hand leaves the kind out
  return namespaceOfObject('cloudevents', isRecord(data) ? { kind: 'Namespace', ...data } : data);
}

function isBinary(headers: RequestHeaders): boolean {
  return headerOf(headers, 'ce-specversion') !== undefined || headerOf(headers, 'ce-type') !== undefined;
}

function isEnvelope(value: unknown): boolean {
  return isRecord(value) && 'specversion' in value;
}
