// What the HTTP edge answers to a sender, as data: status, headers and body. Senders drop, repeat or stop for good at the
// wrong one, so all that is understood or ignored is a success.
import { isTransshipError } from '../errors.ts';
import type { PushEvent } from './push-event.ts';
import { headerOf } from './request-header.ts';
import type { RequestHeaders } from './receiver.ts';

/** `json` is the whole body where there is one; a 202 gets its Location from the caller. */
export type PushAnswer = { status: number; headers?: Record<string, string>; json?: Record<string, string> };

const RETRY_AFTER_MS = 5_000;
// https://learn.microsoft.com/azure/event-grid/webhook-event-delivery#endpoint-validation-with-cloudevents-v10
const DELIVERY_ORIGINS = ['eventgrid.azure.net'];

/** To an authentic request whose relevant events are durable: 202 if there are any, 200 for a handshake or nothing to do. */
export function answerPush(events: readonly PushEvent[]): PushAnswer {
  const challenge = events.find(({ action }) => action === 'handshake')?.challenge;
  if (challenge !== undefined) return { status: 200, json: { validationResponse: challenge } };
  return { status: events.some(({ relevant }) => relevant) ? 202 : 200 };
}

/**
 * To a request that failed: the same 401 for whatever is wrong with a credential, 503 where the sender shall come again, 500
 * for a fault of ours.
 */
export function answerFailure(error: unknown): PushAnswer {
  if (isTransshipError(error, 'webhook-unauthorized')) return { status: 401 };
  // a store that failed for good works again after a restart: a sender that is told 500 may give the push up
  const isOfStore = isTransshipError(error, 'store-unavailable', 'store-locked');
  if (!isTransshipError(error) || !(error.retryable || isOfStore)) return { status: 500 };
  const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? RETRY_AFTER_MS) / 1000));
  return { status: 503, headers: { 'retry-after': String(seconds) } };
}

/**
 * To OPTIONS on the URL of a known receiver: lets the origin send, if it is one of ours. The callback that it names is not called.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection
 */
export function answerOptions(headers: RequestHeaders, ratePerMinute: number): PushAnswer {
  const origin = headerOf(headers, 'webhook-request-origin');
  if (origin === undefined || !DELIVERY_ORIGINS.includes(origin)) return { status: 405, headers: { allow: 'POST' } };
  return {
    status: 200,
    headers: { allow: 'POST', 'webhook-allowed-origin': origin, 'webhook-allowed-rate': String(ratePerMinute) },
  };
}
