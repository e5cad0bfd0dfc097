// Authentic requests with bodies that were made to do harm: whatever they hold, there are events of the one shape or none.
import dns from 'node:dns';
import net from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isReceiverKind, PUSH_SOURCES } from '../../../shared/events/index.ts';
import type { PushEvent, ReceiverKind } from '../../../shared/events/push-event.ts';
import { anyText } from './any-text.ts';
import { push } from './authentic-push.ts';
import { bodyOf, FIXTURES } from './fixtures.ts';

const KINDS = Object.keys(PUSH_SOURCES).filter(isReceiverKind);
const MIB = 1024 * 1024;

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(KINDS)('%s', (kind) => {
  const headers = headersOf(kind);

  it('makes nothing of 10 MB', async () => {
    const body = Buffer.from(`{"events":[],"x":"${'a'.repeat(10 * MIB)}"}`);
    expect(await push(kind, body, { headers })).toEqual([]);
  });

  it('reads up to the size that it allows, and no byte more', async () => {
    const { maxBodyBytes } = PUSH_SOURCES[kind];
    const [fixture] = FIXTURES.filter((entry) => entry.kind === kind && entry.expected.length > 0);
    const body = Buffer.alloc(maxBodyBytes + 1, ' ');
    body.set(bodyOf(fixture!));
    expect(await push(kind, body.subarray(0, maxBodyBytes), { headers: fixture!.headers })).not.toEqual([]);
    expect(await push(kind, body, { headers: fixture!.headers })).toEqual([]);
  });

  it.each([
    ['no bytes', ''],
    ['half a body', '{"events": [{"action": "push"'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['100,000 lists in each other', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 objects in each other', '{"data":'.repeat(100_000)],
    ['a lone string', '"push"'],
    ['a number', '1e999'],
    ['NUL', '\0'],
  ])('makes nothing of %s', async (_, body) => {
    expect(await push(kind, Buffer.from(body), { headers })).toEqual([]);
  });

  it('is not fooled by the names of inherited properties', async () => {
    const evil = '{"relevant":true,"registryHost":"evil.example.test","action":"push","tag":"evil"}';
    const body = `{"__proto__":${evil},"constructor":{"prototype":${evil}},"toString":${evil},"events":[{"__proto__":${evil}}]}`;
    const events = await push(kind, Buffer.from(body), { headers });
    expect(events.filter(({ relevant }) => relevant)).toEqual([]);
    expect(JSON.stringify(events)).not.toContain('evil');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('makes well-formed events of any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 8 }), async (body) =>
        expectWellFormed(await push(kind, body, { headers })),
      ),
    );
  });

  it('makes well-formed events of its own payloads with anything in them', async () => {
    const payloads = FIXTURES.filter((fixture) => fixture.kind === kind);
    const damaged = fc.record({ fixture: fc.constantFrom(...payloads), at: fc.nat(), junk: junk() });
    await fc.assert(
      fc.asyncProperty(damaged, async ({ fixture, at, junk }) => {
        const body = replaceNode(JSON.parse(Buffer.from(bodyOf(fixture)).toString()), at, junk);
        expectWellFormed(await push(kind, body, { headers: fixture.headers }));
      }),
      { numRuns: 300 },
    );
  });

  it('takes any headers', async () => {
    const [fixture] = FIXTURES.filter((entry) => entry.kind === kind);
    const names = fc.constantFrom(
      'ce-type',
      'ce-id',
      'ce-time',
      'ce-source',
      'x-github-event',
      '__proto__',
      'constructor',
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, anyText()), async (headers) => {
        expectWellFormed(await push(kind, bodyOf(fixture!), { headers }));
      }),
    );
  });
});

it('reads 5,000 entries of an envelope', async () => {
  const entry = { action: 'push', target: { repository: 'team/app', tag: 'v1' } };
  const events = await push('distribution', { events: Array.from({ length: 6_000 }, () => entry) });
  expect(events).toHaveLength(5_000);
  const tags = Array.from({ length: 6_000 }, (_, index) => `v${index}`);
  expect(await push('quay', { docker_url: 'registry.example.com/team/app', updated_tags: tags })).toHaveLength(5_000);
});

it('reads 32 levels of a body, counting no bracket in a string', async () => {
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  const body = (levels: number) =>
    Buffer.from(String.raw`{"x":"[[\"[{{\\","deep":${deep(levels - 1)},"push_data":{},"repository":{"name":"a"}}`);
  expect(await push('docker-hub', body(32))).toHaveLength(1);
  expect(await push('docker-hub', body(33))).toEqual([]);
});

it('drops text that is longer than any name', async () => {
  const long = 'a'.repeat(1_025);
  const entry = {
    id: long,
    action: 'push',
    actor: { name: long },
    target: { repository: 'app', tag: 'v1', mediaType: long },
  };
  const [event] = await push('distribution', { events: [entry] });
  expect(event).toMatchObject({ eventId: null, actor: null, mediaType: null, repository: 'app', relevant: true });
});

it('contacts nothing that a payload names', async () => {
  const connect = vi.spyOn(net.Socket.prototype, 'connect');
  const lookup = vi.spyOn(dns, 'lookup');
  const fetched = vi.spyOn(globalThis, 'fetch');
  for (const fixture of FIXTURES) await push(fixture.kind, bodyOf(fixture), { headers: fixture.headers });
  for (const spy of [connect, lookup, fetched]) expect(spy).not.toHaveBeenCalled();
});

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

function expectWellFormed(events: PushEvent[]): void {
  for (const event of events) {
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
    expect(event.repository ?? 'a').toMatch(NAME);
    expect(event.registryHost ?? 'a').toMatch(/^[a-z0-9.:[\]-]{1,255}$/);
    expect(event.tag ?? 'a').toMatch(/^\w[\w.-]{0,127}$/);
    expect(event.digest ?? `sha256:${'a'.repeat(64)}`).toMatch(/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/);
    expect(event.occurredAt ?? '2026-01-01T00:00:00.000Z').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(event.dedupeKey ?? 'a'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
    expect(event.relevant).toBe(event.reason === null);
    expect(event.relevant && event.repository === null).toBe(false);
    expect((event.eventId ?? '').length + (event.actor ?? '').length).toBeLessThanOrEqual(2_048);
  }
}

/** The headers of the kind's first payload: without them some kinds read nothing. */
function headersOf(kind: ReceiverKind): Record<string, string> {
  return FIXTURES.find((fixture) => fixture.kind === kind)?.headers ?? {};
}

function junk(): fc.Arbitrary<unknown> {
  const texts = [
    '',
    '__proto__',
    '\0',
    '\uD800',
    'K/Kelvin',
    'ﬀ/ligature',
    '../../etc',
    'a@b:c/d',
    '://',
    'sha256:',
    '0001-01-01T00:00:00Z',
  ];
  return fc.oneof(
    fc.constantFrom<unknown>(...texts, null, [], {}, -1, 0.5, 1e300, true, 'x'.repeat(5_000)),
    anyText(300),
    fc.jsonValue(),
  );
}

/** A copy of the value in which one of its nodes, counted in order, is another one. */
function replaceNode(root: unknown, at: number, replacement: unknown): unknown {
  const target = at % countNodes(root);
  let seen = -1;
  const copy = (node: unknown): unknown => {
    seen += 1;
    if (seen === target) return replacement;
    if (Array.isArray(node)) return node.map(copy);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, copy(value)]));
  };
  return copy(root);
}

function countNodes(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 1;
  return Object.values(node).reduce((count: number, value) => count + countNodes(value), 1);
}
