// Decides whether an event asks for a mirror job, and if not, for which of the reasons.
import type { PushEvent, Reason, Resolvable } from './push-event.ts';
import { hostOrNull, lowerAscii } from './names.ts';
import type { Receiver } from './receiver.ts';

// https://helm.sh/docs/topics/registries/ replaced this form; the old charts are no manifests and cannot be copied.
const LEGACY_CHART = 'application/vnd.acr.helm.chart';
const RESOLVABLE = ['registryHost', 'tag', 'digest', 'mediaType'] as const satisfies Resolvable[];

type Judged = Pick<PushEvent, 'action' | 'object' | 'repository' | 'actor' | Resolvable>;

/** The first reason that applies; null for an event that is relevant. */
export function reasonAgainst(event: Judged, failed: boolean, receiver: Receiver): Reason | null {
  const { action } = event;
  if (action !== 'push' && action !== 'promote' && action !== 'replicate') return action;
  if (failed) return 'failed';
  if (event.object === 'blob') return 'blob';
  if (event.mediaType === LEGACY_CHART) return 'legacy-chart';
  if (event.repository === null) return 'no-repository';
  if (event.registryHost !== null && !isOwnHost(event.registryHost, receiver)) return 'wrong-host';
  if (receiver.repositories?.some((pattern) => allows(pattern, event.repository ?? '')) === false) return 'not-allowed';
  if (event.actor !== null && receiver.ignoreActors?.includes(event.actor) === true) return 'own-actor';
  if (event.tag === null && receiver.untagged !== 'sweep') return 'untagged';
  return null;
}

/** What the registry has to be asked for. */
export function unresolved(event: Judged): Resolvable[] {
  return RESOLVABLE.filter((field) => event[field] === null);
}

function isOwnHost(host: string, { registry }: Receiver): boolean {
  return registry.hosts.some((own) => hostOrNull(own) === host);
}

/** `a/b` is itself, `a/*` every repository right below `a`, `a/**` all below it. */
function allows(pattern: string, repository: string): boolean {
  const wanted = lowerAscii(pattern);
  const [prefix = '', stars] = wanted.split(/(\*\*?)$/);
  if (stars === undefined || !(prefix === '' || prefix.endsWith('/'))) return wanted === repository;
  if (!repository.startsWith(prefix)) return false;
  return stars === '**' || !repository.slice(prefix.length).includes('/');
}
