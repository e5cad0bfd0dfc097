// Which bodies a receiver reads at all, by their headers; anything else is answered with 415 before the body is looked at.
import { baseType } from '../oci/media-types.ts';
import type { PushSource } from './push-source.ts';
import type { RequestHeaders } from './receiver.ts';
import { headerOf } from './request-header.ts';

const JSON_TYPES = new Set([
  'application/json',
  'application/vnd.docker.distribution.events.v1+json',
  'application/vnd.docker.distribution.events.v2+json',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
]);
// Pub/Sub without wrapping sends the message as it is
const BYTES = new Set(['', 'application/octet-stream']);

/** Forms are refused, and compressed bodies, whose size is not known before. */
export function acceptsContent({ untyped }: Pick<PushSource, 'untyped'>, headers: RequestHeaders): boolean {
  if (headerOf(headers, 'content-encoding') !== undefined) return false;
  const type = baseType(headerOf(headers, 'content-type'));
  return JSON_TYPES.has(type) || (untyped === true && BYTES.has(type));
}
