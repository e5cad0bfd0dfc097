// What a registry's notification becomes: one shape for all senders, plain data that is stored as JSON.
// A push event is a hint and no order: whoever acts on it asks the configured registry what the tag is now.

/** The senders; also the second part of a receiver's route. */
export type ReceiverKind =
  | 'distribution'
  | 'gitlab'
  | 'harbor'
  | 'docker-hub'
  | 'quay'
  | 'github'
  | 'acr'
  | 'acr-event-grid'
  | 'ecr'
  | 'artifact-registry'
  | 'artifactory'
  | 'nexus'
  | 'gitea'
  | 'zot'
  | 'alibaba'
  | 'tencent'
  | 'chainguard'
  | 'cloudevents';

/** What calls for a mirror job. */
type PushingAction = 'push' | 'promote' | 'replicate';
type OtherAction =
  | 'delete'
  | 'pull'
  | 'mount'
  | 'cache'
  | 'scan'
  | 'quarantine'
  | 'storage'
  | 'ping'
  | 'handshake'
  | 'other';
export type PushAction = PushingAction | OtherAction;

export type PushObject = 'manifest' | 'chart' | 'blob' | 'tag' | 'repository' | 'referrer' | 'unknown';

/** Why an event asks for no job: the first that applies, in this order, after the action's own name. */
export type Reason =
  | OtherAction
  | 'failed'
  | 'blob'
  | 'legacy-chart'
  | 'no-repository'
  | 'wrong-host'
  | 'not-allowed'
  | 'own-actor'
  | 'untagged';

export type Resolvable = 'registryHost' | 'tag' | 'digest' | 'mediaType';

/** One thing that happened in a registry. Every field is present; what was missing or invalid is null. */
export type PushEvent = {
  receiverId: string;
  source: ReceiverKind;
  action: PushAction;
  object: PushObject;
  /** Id of the configured registry. */
  registry: string;
  /** The host that the payload claims: compared with the configured ones, never contacted. */
  registryHost: string | null;
  repository: string | null;
  tag: string | null;
  digest: string | null;
  mediaType: string | null;
  /** The manifest's artifactType, else the media type of its config. */
  artifactType: string | null;
  actor: string | null;
  /** RFC 3339 in UTC with milliseconds. */
  occurredAt: string | null;
  eventId: string | null;
  /** Equal for equal requests; null where the sender gives neither id nor time, and nothing may be suppressed. */
  dedupeKey: string | null;
  /** Whether it asks for a job. */
  relevant: boolean;
  reason: Reason | null;
  /** What the worker has to ask the registry for, because the sender did not say it. */
  needsResolve: Resolvable[];
  /** Of a handshake only: the code to send back. */
  challenge?: string;
};
