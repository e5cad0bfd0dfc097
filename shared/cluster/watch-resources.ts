// A watch that never ends by itself: it lists, follows the changes, goes on where it was cut off, lists again where the server has
// forgotten that state, and does so now and then for the changes that a watch loses in silence.
//
//   list ──▶ watch ──end, cut──▶ watch from the last version
//    ▲         │ 410, resync due
//    └─────────┘                         (any failure: the same again after a while)
//
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
import { isTransshipError } from '../errors.ts';
import type { ApiObject, Cluster, ClusterRequest } from './cluster.ts';
import { fieldOf, isObject, readObject, readText } from './json-fields.ts';
import { listPages } from './list-pages.ts';
import { placeInList, readMetadata } from './object-metadata.ts';
import { sleep } from './pacing.ts';
import { backoffMs } from './retry-after.ts';

export type WatchRequest = {
  /** Of the collection. */
  path: string;
  labelSelector?: string;
  view?: NonNullable<ClusterRequest['view']>;
  /** The only way to end it. */
  signal: AbortSignal;
  /** Everything is listed anew after so long. */
  resyncMs?: number;
  /** Something failed and will be tried again; nothing is lost. */
  onTrouble?: (error: unknown) => void;
  backoff?: { firstDelayMs: number; longestDelayMs: number };
  random?: () => number;
};

export type ResourceChange =
  | { kind: 'added' | 'changed'; object: ApiObject }
  | { kind: 'removed'; namespace?: string; name: string }
  /** All that is there was told; comes after each list. */
  | { kind: 'listed' };

const RESYNC_MS = 10 * 60_000;
const BACKOFF = { firstDelayMs: 500, longestDelayMs: 30_000 };
/** How long the server keeps a watch open; by chance up to twice as long, so that not all of them end at once. */
const WATCH_SECONDS = 240;
/** So long a watch must have lived to count as one that worked. */
const HEALTHY_MS = 10_000;

/** The versions of objects that were told, by place. */
type Known = Map<string, { uid: string; resourceVersion: string }>;
/** Beside them the version of the collection up to which all was told; undefined: it has to be listed. */
type Told = { known: Known; version: string | undefined };

/** Ends when its signal is aborted. Each object is told once a version, also across lists. */
export async function* watchResources(cluster: Cluster, request: WatchRequest): AsyncGenerator<ResourceChange> {
  const { signal, resyncMs = RESYNC_MS, backoff = BACKOFF, random = Math.random } = request;
  const told: Told = { known: new Map(), version: undefined };
  let resyncAtMs = 0;
  let failures = 0;
  while (!signal.aborted) {
    const beganAtMs = Date.now();
    try {
      if (told.version === undefined || beganAtMs >= resyncAtMs) {
        yield* listAll(cluster, request, told);
        resyncAtMs = Date.now() + resyncMs;
      }
      yield* follow(cluster, request, told, resyncAtMs);
      if (Date.now() - beganAtMs >= HEALTHY_MS) failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (isTransshipError(error, 'list-expired')) told.version = undefined;
      else request.onTrouble?.(error);
      if (Date.now() - beganAtMs >= HEALTHY_MS) failures = 0;
      failures += 1;
      const floorMs = isTransshipError(error) ? (error.retryAfterMs ?? 0) : 0;
      await sleep(backoffMs(backoff, failures, floorMs, random), signal).catch(() => undefined);
    }
  }
}

async function* listAll(
  cluster: Cluster,
  { path, labelSelector, view, signal }: WatchRequest,
  told: Told,
): AsyncGenerator<ResourceChange> {
  const { known } = told;
  const selector = { ...(labelSelector !== undefined && { labelSelector }), ...(view !== undefined && { view }) };
  const present = new Set<string>();
  let version = '';
  for await (const page of listPages(cluster, { path, ...selector, signal })) {
    for (const object of page.items) {
      present.add(placeInList(object));
      yield* tell(known, object);
    }
    ({ resourceVersion: version } = page);
  }
  for (const place of known.keys()) if (!present.has(place)) yield* tellRemoved(known, place);
  yield { kind: 'listed' };
  told.version = version;
}

async function* follow(
  cluster: Cluster,
  { path, labelSelector, view, signal, random = Math.random }: WatchRequest,
  told: Told,
  untilMs: number,
): AsyncGenerator<ResourceChange> {
  const longest = WATCH_SECONDS * (1 + random());
  const timeoutSeconds = Math.max(1, Math.ceil(Math.min(longest, (untilMs - Date.now()) / 1000)));
  const watch = cluster.watch({
    path,
    query: {
      ...(told.version !== undefined && { resourceVersion: told.version }),
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      ...(labelSelector !== undefined && { labelSelector }),
    },
    ...(view !== undefined && { view }),
    signal,
  });
  for await (const event of watch) {
    const object = fieldOf(event, 'object');
    if (!isObject(object)) continue;
    switch (fieldOf(event, 'type')) {
      case 'ADDED':
      case 'MODIFIED':
        yield* tell(told.known, object);
        break;
      case 'DELETED':
        yield* tellRemoved(told.known, placeInList(object));
        break;
      default:
      // a bookmark tells nothing but its version
    }
    told.version = readText(readObject(object, 'metadata') ?? {}, 'resourceVersion') ?? told.version;
  }
}

function* tell(known: Known, object: ApiObject): Generator<ResourceChange> {
  const { uid, resourceVersion } = readMetadata(object);
  const place = placeInList(object);
  const before = known.get(place);
  if (before?.uid === uid && before.resourceVersion === resourceVersion) return;
  // it was removed and made anew while nobody looked
  if (before !== undefined && before.uid !== uid) yield* tellRemoved(known, place);
  known.set(place, { uid, resourceVersion });
  yield { kind: before?.uid === uid ? 'changed' : 'added', object };
}

function* tellRemoved(known: Known, place: string): Generator<ResourceChange> {
  if (!known.delete(place)) return;
  const [first = '', name] = place.split('/');
  yield name === undefined ? { kind: 'removed', name: first } : { kind: 'removed', namespace: first, name };
}
