// The table of those who tell of new Namespaces, and the one way in: the form of the body tells who it is. Pure: nothing is contacted,
// and the request is authenticated already.
import { parseJson } from '../read-body.ts';
import type { PushRequest } from '../receiver.ts';
import { aks } from './aks.ts';
import { argoEvents } from './argo-events.ts';
import { auditList } from './audit-list.ts';
import { cloudEvents } from './cloud-events.ts';
import { eks } from './eks.ts';
import { gke } from './gke.ts';
import { malformed, type FoundNamespace, type NamespaceCreated } from './namespace-event.ts';
import type { NamespaceSource } from './namespace-source.ts';

/** The audit webhook's batches are the largest: 400 events by default. */
export const MOST_EVENT_BYTES = 4 * 1024 * 1024;

/** What carries its type outside the body comes first. */
const SOURCES: readonly NamespaceSource[] = [cloudEvents, auditList, eks, aks, gke, argoEvents];

/**
 * The new Namespaces that a request tells of, each once; none where it tells of other things.
 * @throws TransshipError invalid-usage for a body of no known form, or that only looks like one of it: nothing of it counts then
 */
export function parseNamespaceEvents(
  { headers, rawBody }: PushRequest,
  { cluster, now }: { cluster: string; now: Date },
): NamespaceCreated[] {
  const body = rawBody.byteLength > MOST_EVENT_BYTES ? undefined : parseJson(rawBody);
  if (body === undefined) throw malformed('it is no JSON in UTF-8 of at most 32 levels');
  const source = SOURCES.find((one) => one.fits(body, headers));
  if (source === undefined) throw malformed('it has the form of no known sender');
  const found = new Map<string, FoundNamespace>();
  // made anew meanwhile, the later one counts
  for (const one of source.read(body, headers)) found.set(one.name, one);
  return [...found.values()].map((one) => ({ kind: 'namespace.created', cluster, ...one, observedAt: now }));
}
