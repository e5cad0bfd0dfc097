// What the HTTP edge is told: which bodies to read, and how to answer handshakes.
import { expect, it } from 'vitest';
import { answerFailure, answerOptions, answerPush } from '../../../shared/events/answer.ts';
import { acceptsContent } from '../../../shared/events/content-type.ts';
import { PUSH_SOURCES } from '../../../shared/events/index.ts';
import { TransshipError } from '../../../shared/errors.ts';

const { harbor, zot } = PUSH_SOURCES;
const artifactRegistry = PUSH_SOURCES['artifact-registry'];

it.each([
  'application/json',
  'Application/JSON; charset=UTF-8',
  'application/vnd.docker.distribution.events.v1+json',
  'application/vnd.docker.distribution.events.v2+json',
  'application/cloudevents+json; charset=utf-8',
  'application/cloudevents-batch+json',
])('reads %s', (type) => {
  expect(acceptsContent(harbor, { 'content-type': type })).toBe(true);
});

it.each([
  {},
  { 'content-type': '' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/octet-stream' },
  { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'multipart/form-data; boundary=application/json' },
  { 'content-type': 'application/jsonp' },
  { 'content-type': 'application/json', 'content-encoding': 'gzip' },
])('does not read %j', (headers) => {
  expect(acceptsContent(harbor, headers)).toBe(false);
});

it('reads bytes without a type from Pub/Sub', () => {
  expect(acceptsContent(artifactRegistry, {})).toBe(true);
  expect(acceptsContent(artifactRegistry, { 'content-type': 'application/octet-stream' })).toBe(true);
  expect(acceptsContent(artifactRegistry, { 'content-type': 'text/html' })).toBe(false);
});

it('allows more where the sender puts more into one request', () => {
  const sizes = [harbor, PUSH_SOURCES['acr-event-grid'], zot].map(({ maxBodyBytes }) => maxBodyBytes / 1024 / 1024);
  expect(sizes).toEqual([1, 2, 5]);
});

it('lets Event Grid announce itself, and nobody else', () => {
  const headers = {
    'webhook-request-origin': 'eventgrid.azure.net',
    'webhook-request-callback': 'https://attacker.example.test/',
    'webhook-request-rate': '1000000',
  };
  const allowed = { allow: 'POST', 'webhook-allowed-origin': 'eventgrid.azure.net', 'webhook-allowed-rate': '600' };
  expect(answerOptions(headers, 600)).toEqual({ status: 200, headers: allowed });
  for (const origin of [{}, { 'webhook-request-origin': 'eventgrid.azure.net.example.test' }]) {
    expect(answerOptions(origin, 600)).toEqual({ status: 405, headers: { allow: 'POST' } });
  }
});

it('answers 200 to a request that says nothing', () => {
  expect(answerPush([])).toEqual({ status: 200 });
});

it('answers a failure as the sender has to take it', () => {
  const failed = (options: object) => answerFailure(new TransshipError('store-unavailable', 'x', options));
  expect(answerFailure(new TransshipError('webhook-unauthorized', 'x'))).toEqual({ status: 401 });
  expect(failed({ retryable: true, retryAfterMs: 1_200 })).toEqual({ status: 503, headers: { 'retry-after': '2' } });
  expect(failed({ retryable: true, retryAfterMs: 0 })).toEqual({ status: 503, headers: { 'retry-after': '1' } });
  expect(failed({ retryable: true })).toEqual({ status: 503, headers: { 'retry-after': '5' } });
  expect(failed({ retryable: false })).toEqual({ status: 503, headers: { 'retry-after': '5' } });
  expect(answerFailure(new TransshipError('store-locked', 'x')).status).toBe(503);
  expect([new TransshipError('internal', 'x'), new Error('x'), undefined].map(answerFailure)).toEqual(
    Array.from({ length: 3 }, () => ({ status: 500 })),
  );
});
