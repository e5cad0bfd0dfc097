// The table of push receivers, one file per sender, and the one way in: authenticate the raw bytes, then parse, then normalise.
// Nothing here opens a connection but the fetching of signing keys, from fixed places, through a function of the host.
import { authenticate, type AuthContext, unauthorized } from './authenticate.ts';
import { acrEventGrid } from './kinds/acr-event-grid.ts';
import { acr } from './kinds/acr.ts';
import { alibaba } from './kinds/alibaba.ts';
import { artifactRegistry } from './kinds/artifact-registry.ts';
import { artifactory } from './kinds/artifactory.ts';
import { chainguard } from './kinds/chainguard.ts';
import { cloudevents } from './kinds/cloudevents.ts';
import { distribution } from './kinds/distribution.ts';
import { dockerHub } from './kinds/docker-hub.ts';
import { ecr } from './kinds/ecr.ts';
import { gitea } from './kinds/gitea.ts';
import { github } from './kinds/github.ts';
import { gitlab } from './kinds/gitlab.ts';
import { harbor } from './kinds/harbor.ts';
import { nexus } from './kinds/nexus.ts';
import { quay } from './kinds/quay.ts';
import { tencent } from './kinds/tencent.ts';
import { zot } from './kinds/zot.ts';
import type { PushEvent, ReceiverKind } from './push-event.ts';
import type { PushSource } from './push-source.ts';
import { readBody } from './read-body.ts';
import type { PushRequest, Receiver } from './receiver.ts';
import { toPushEvent } from './to-push-event.ts';

export const PUSH_SOURCES: Readonly<Record<ReceiverKind, PushSource>> = {
  distribution,
  gitlab,
  harbor,
  'docker-hub': dockerHub,
  quay,
  github,
  acr,
  'acr-event-grid': acrEventGrid,
  ecr,
  'artifact-registry': artifactRegistry,
  artifactory,
  nexus,
  gitea,
  zot,
  alibaba,
  tencent,
  chainguard,
  cloudevents,
};

/** True for the name of a kind, such as the one in a route. */
export function isReceiverKind(name: string): name is ReceiverKind {
  return Object.hasOwn(PUSH_SOURCES, name);
}

/**
 * The events of a request, in its order; none for a body that says nothing of use. The kind comes from the route, never from
 * the request. Mode `path` trusts the caller to have checked the token.
 * @throws TransshipError webhook-unauthorized, or connection-failed (retryable) when signing keys cannot be fetched; nothing
 * once the request is authentic
 */
export async function receivePush(
  kind: ReceiverKind,
  { headers, rawBody }: PushRequest,
  receiver: Receiver,
  context: AuthContext = {},
): Promise<PushEvent[]> {
  if (!isReceiverKind(kind)) throw unauthorized('no such kind of receiver');
  await authenticate(PUSH_SOURCES[kind], { headers, rawBody }, receiver.auth, context);
  return readPush(kind, { headers, rawBody }, receiver);
}

/** The same for a request that is known to be authentic. */
export function readPush(kind: ReceiverKind, { headers, rawBody }: PushRequest, receiver: Receiver): PushEvent[] {
  const source = PUSH_SOURCES[kind];
  const body = readBody(rawBody, source);
  if (body === undefined) return [];
  const sent = source.read(body, headers);
  return sent.map((event, index) => toPushEvent(event, index, kind, receiver));
}
