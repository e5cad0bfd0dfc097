// What one file per sender gives: how it authenticates, and a reader that takes the named fields out of its payload.
// A reader says what the sender said; what is valid and what matters is decided for all senders in to-push-event.ts.
import type { PushAction, PushObject } from './push-event.ts';
import type { AuthMode, RequestHeaders } from './receiver.ts';

/** A point in time as it was sent: text, or seconds since 1970. */
export type SentTime = string | number | null;

/** One event in the sender's own words, nothing checked; an absent field is one that this sender does not know. */
export type SentEvent = {
  action: PushAction;
  /** `manifest` by default. */
  object?: PushObject;
  /** The sender's name for this type of event: part of the dedupe key. */
  senderType: string | null;
  host?: string | null;
  repository?: string | null;
  tag?: string | null;
  digest?: string | null;
  mediaType?: string | null;
  artifactType?: string | null;
  actor?: string | null;
  sentAt?: SentTime;
  eventId?: string | null;
  /** The sender reports that what it did has not succeeded. */
  failed?: boolean;
  challenge?: string;
};

/** HMAC over the raw body, as lower-case hex after the prefix. */
export type Signature = { header: string; algorithm: 'sha256' | 'sha1'; prefix: '' | 'sha256=' };

/** What a sample push tells. */
export type SampleFacts = {
  host: string;
  repository: string;
  tag: string;
  digest: string;
  id: string;
  /** RFC 3339 in UTC. */
  occurredAt: string;
};

type Sample = { headers?: Record<string, string>; body: unknown };

/** One kind of sender. */
export type PushSource = {
  /** The modes it can authenticate with; the first is the usual one. */
  modes: readonly AuthMode[];
  /** Of mode `hmac`. */
  signature?: Signature;
  /** Of mode `header`: the usual header. */
  header?: string;
  maxBodyBytes: number;
  /** The body may come without a content type, or as bytes. */
  untyped?: true;
  /** Reads a parsed body of any shape; never throws. An unrecognised one gives nothing. */
  read(body: unknown, headers: RequestHeaders): SentEvent[];
  /** The host that a sample names where no registry is configured. */
  sampleHost: string;
  sample(facts: SampleFacts): Sample;
};

export const MIB = 1024 * 1024;
