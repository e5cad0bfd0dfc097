// Every sample payload of every sender becomes the events that it should, and only with its credential.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerPush } from '../../../shared/events/answer.ts';
import { PUSH_SOURCES, receivePush } from '../../../shared/events/index.ts';
import type { PushEvent } from '../../../shared/events/push-event.ts';
import type { ReceiverAuth } from '../../../shared/events/receiver.ts';
import { bodyOf, type Fixture, FIXTURES, sha256 } from './fixtures.ts';

const named = FIXTURES.map(
  (fixture) => [`${fixture.file}${fixture.note ? `: ${fixture.note}` : ''}`, fixture] as const,
);

const FIELDS =
  'receiverId source action object registry registryHost repository tag digest mediaType artifactType actor'
    .concat(' occurredAt eventId dedupeKey relevant reason needsResolve')
    .split(' ')
    .toSorted();

describe.each(named)('%s', (_, fixture) => {
  const rawBody = bodyOf(fixture);

  it('has not been changed on its way here', () => {
    expect(sha256(rawBody)).toBe(fixture.bodySha256);
  });

  it('becomes the expected events', async () => {
    const events = await receive(fixture);
    expect(events).toEqual(fixture.expected.map((expected) => expect.objectContaining(withDefaults(expected))));
    for (const event of events)
      expect(
        Object.keys(event)
          .filter((key) => key !== 'challenge')
          .toSorted(),
      ).toEqual(FIELDS);
    for (const event of events) expect(event.dedupeKey).toSatisfy(isKeyFor(event));
  });

  it('gives the same events, with the same dedupe keys, when it is sent again', async () => {
    expect(await receive(fixture)).toEqual(await receive(fixture));
  });

  it('is answered as its sender wants it', async () => {
    expect(answerPush(await receive(fixture))).toEqual(fixture.http);
  });

  it('is refused with another credential and without one', async () => {
    const expected = { code: 'webhook-unauthorized', retryable: false };
    for (const headers of wrongCredentials(fixture)) {
      await expect(receive({ ...fixture, headers })).rejects.toMatchObject(expected);
    }
  });
});

it('covers every file and every kind', () => {
  const folder = path.resolve(import.meta.dirname, '../../fixtures/webhooks');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\/\d+\.json$/.test(file));
  expect([...new Set(FIXTURES.map(({ file }) => file))].toSorted()).toEqual(files.toSorted());
  expect([...new Set(FIXTURES.map(({ kind }) => kind))].toSorted()).toEqual(Object.keys(PUSH_SOURCES).toSorted());
});

async function receive(fixture: Fixture): Promise<PushEvent[]> {
  return receivePush(fixture.kind, { headers: fixture.headers, rawBody: bodyOf(fixture) }, fixture.receiver);
}

/** What every expectation leaves out. */
function withDefaults(expected: Partial<PushEvent>): Partial<PushEvent> {
  return { artifactType: null, ...expected };
}

function isKeyFor({ eventId, occurredAt }: PushEvent) {
  return (key: string | null) => (key === null ? eventId === null && occurredAt === null : /^[0-9a-f]{64}$/.test(key));
}

/** The headers with each credential removed, and changed at its end. */
function wrongCredentials({ kind, headers, receiver }: Fixture): Record<string, string>[] {
  const name = credentialHeader(kind, receiver.auth);
  if (name === undefined) return [];
  const { [name]: value = '', ...others } = headers;
  const changed = value.slice(0, -2) + (value.endsWith('AA') ? 'BB' : 'AA');
  return [others, { ...others, [name]: changed }, { ...others, [name]: '' }, { ...others, [name]: `${value} ` }];
}

function credentialHeader(kind: Fixture['kind'], auth: ReceiverAuth): string | undefined {
  if (auth.mode === 'path' || auth.mode === 'platform') return undefined;
  if (auth.mode === 'header') return auth.name;
  return auth.mode === 'hmac' ? PUSH_SOURCES[kind].signature?.header : 'authorization';
}
