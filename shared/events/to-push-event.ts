// Makes the push event out of what a sender said: names checked, time in UTC, relevance decided, dedupe key computed.
import { hash } from 'node:crypto';
import { digestOrNull, hostOrNull, mediaTypeOrNull, repositoryOrNull, tagOrNull } from './names.ts';
import type { PushEvent, PushObject, ReceiverKind } from './push-event.ts';
import type { SentEvent } from './push-source.ts';
import type { Receiver } from './receiver.ts';
import { reasonAgainst, unresolved } from './relevance.ts';
import { parseSentTime } from './sent-time.ts';

// https://github.com/helm/community/blob/main/hips/hip-0006.md
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

/** `index`: the place of the event in its request. */
export function toPushEvent(sent: SentEvent, index: number, source: ReceiverKind, receiver: Receiver): PushEvent {
  const named = {
    repository: repositoryOrNull(sent.repository ?? null),
    tag: tagOrNull(sent.tag ?? null),
    digest: digestOrNull(sent.digest ?? null),
  };
  const judged = {
    ...named,
    action: sent.action,
    object: objectOf(sent),
    registryHost: hostOrNull(sent.host ?? null),
    mediaType: mediaTypeOrNull(sent.mediaType ?? null),
    actor: sent.actor ?? null,
  };
  const reason = reasonAgainst(judged, sent.failed === true, receiver);
  return {
    receiverId: receiver.id,
    source,
    registry: receiver.registry.id,
    ...judged,
    artifactType: mediaTypeOrNull(sent.artifactType ?? null),
    occurredAt: parseSentTime(sent.sentAt ?? null),
    eventId: sent.eventId ?? null,
    dedupeKey: dedupeKey(sent, index, [receiver.id, source], [named.repository, named.tag, named.digest]),
    relevant: reason === null,
    reason,
    needsResolve: reason === null ? unresolved(judged) : [],
    ...(sent.challenge === undefined ? {} : { challenge: sent.challenge }),
  };
}

function objectOf({ object = 'manifest', artifactType }: SentEvent): PushObject {
  return object === 'manifest' && artifactType === HELM_CONFIG ? 'chart' : object;
}

/**
 * The same for the same event sent twice. A JSON array, because joined text can collide; with type and place, because
 * senders reuse ids. Without id and time a second push of a tag is byte for byte the first: null.
 */
function dedupeKey(
  sent: SentEvent,
  index: number,
  receiver: readonly [string, string],
  names: readonly (string | null)[],
): string | null {
  const eventId = sent.eventId ?? null;
  const sentAt = sent.sentAt ?? null;
  if (eventId === null && sentAt === null) return null;
  const parts = [...receiver, sent.senderType, eventId, eventId === null ? sentAt : null, index, sent.action, ...names];
  return hash('sha256', JSON.stringify(parts));
}
