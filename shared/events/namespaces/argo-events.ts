// Argo Events: a resource event source whose sensor sends on the whole event.
// https://argoproj.github.io/argo-events/eventsources/resource/
import { isRecord } from '../fields.ts';
import { parseJson } from '../read-body.ts';
import { type FoundNamespace, malformed, namespaceOfObject } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

export const argoEvents: NamespaceSource = {
  fits: (body) => isRecord(body) && isRecord(body['context']) && 'data' in body,
  read(body) {
    const found = isRecord(body) ? readEvent(body) : undefined;
    return found === undefined ? [] : [found];
  },
};

function readEvent({ context, data }: Record<string, unknown>): FoundNamespace | undefined {
  if (!isRecord(context) || typeof context['type'] !== 'string') throw malformed('context has no type');
  if (context['type'] !== 'resource') return undefined;
  // as it travels between the parts of Argo Events, data is base64
  const event = typeof data === 'string' ? parseJson(Buffer.from(data, 'base64')) : data;
  if (!isRecord(event) || typeof event['type'] !== 'string') throw malformed('data is no resource event');
  const isNamespace = event['resource'] === 'namespaces' && [undefined, ''].some((none) => event['group'] === none);
  if (!isNamespace || event['type'] !== 'ADD') return undefined;
  const object = typeof event['body'] === 'string' ? parseJson(Buffer.from(event['body'])) : event['body'];
  return namespaceOfObject('argo', object);
}
