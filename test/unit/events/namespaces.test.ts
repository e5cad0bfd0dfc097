// Who tells of new Namespaces: every documented form gives the same events, and what is malformed gives none of them.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTransshipError } from '../../../shared/errors.ts';
import { MOST_EVENT_BYTES, parseNamespaceEvents } from '../../../shared/events/namespaces/index.ts';
import type { NamespaceCreated } from '../../../shared/events/namespaces/namespace-event.ts';
import { namespaceBody, NAMESPACE_FIXTURES } from './namespace-fixtures.ts';

const now = new Date('2026-11-20T08:15:32Z');
const JSON_TYPE = { 'content-type': 'application/json' };

function parse(body: unknown, headers: Record<string, string> = JSON_TYPE): NamespaceCreated[] {
  const rawBody =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return parseNamespaceEvents({ headers, rawBody }, { cluster: 'prod', now });
}

/** None for what is refused; any other failure is a fault. */
function parseIfAny(body: unknown, headers?: Record<string, string>): NamespaceCreated[] {
  try {
    return parse(body, headers);
  } catch (error) {
    if (isTransshipError(error, 'invalid-usage')) return [];
    throw error;
  }
}

/** What is wrong with it. */
function refusalOf(body: unknown, headers?: Record<string, string>): string {
  try {
    parse(body, headers);
  } catch (error) {
    if (isTransshipError(error, 'invalid-usage')) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

it.each(NAMESPACE_FIXTURES.map((fixture) => [fixture.file, fixture.headers['ce-type'] ?? '', fixture] as const))(
  'reads %s %s',
  (_, __, { file, headers, expected }) => {
    const events = expected.map((found) => ({ kind: 'namespace.created', cluster: 'prod', observedAt: now, ...found }));
    expect(parse(namespaceBody(file), headers)).toEqual(events);
  },
);

describe('a body that is malformed is refused as a whole', () => {
  const event = (more: object) => ({ specversion: '1.0', type: 'namespace.created', source: '/', id: '1', ...more });
  const audit = (more: object = {}) => ({
    stage: 'ResponseComplete',
    verb: 'create',
    objectRef: { resource: 'namespaces', name: 'team-a' },
    responseStatus: { code: 201 },
    ...more,
  });
  const list = (items: unknown) => ({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items });
  const logs = (content: unknown) => ({
    awslogs: { data: gzipSync(Buffer.from(JSON.stringify(content))).toString('base64') },
  });
  const base64 = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64');
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
  const bomb = { awslogs: { data: gzipSync(Buffer.alloc(17 * 1024 * 1024, ' ')).toString('base64') } };

  it.each<[string, unknown, RegExp, Record<string, string>?]>([
    ['nothing', '', /no JSON/],
    ['half of something', '{"specversion":"1.0"', /no JSON/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /no JSON/],
    ['40 levels', deep, /no JSON/],
    ['more than it may be', Buffer.alloc(MOST_EVENT_BYTES + 1, ' '), /no JSON/],
    ['a text', '"team-a"', /no known sender/],
    ['an empty object', {}, /no known sender/],
    ['an empty list', [], /no known sender/],
    ['a list of two forms', [event({ data: { name: 'a' } }), { records: [] }], /no known sender/],
    ['a CloudEvent without an id', event({ id: '', data: { name: 'a' } }), /no id/],
    ['a CloudEvent with a number as type', event({ type: 1 }), /no type/],
    ['a CloudEvent in headers without a source', { name: 'a' }, /no source/, { 'ce-specversion': '1.0', 'ce-id': '1' }],
    ['a CloudEvent without data', event({}), /no Kubernetes object/],
    ['a CloudEvent with data that is no JSON', event({ data_base64: 'AAAA' }), /no Kubernetes object/],
    ['a name that is none', event({ data: { name: 'Team A' } }), /names no Namespace/],
    ['a name with a path', event({ data: { metadata: { name: '../kube-system' } } }), /names no Namespace/],
    ['a name that is too long', event({ data: { name: 'a'.repeat(64) } }), /names no Namespace/],
    ['a batch with one wrong name', [event({ data: { name: 'a' } }), event({ data: { name: '-' } })], /no Namespace/],
    ['more than 10,000 CloudEvents', Array.from({ length: 10_001 }, () => ({ specversion: '1.0' })), /10000/],
    ['a list of audit events that is none', list({}), /items is no list/],
    ['a list of audit events of texts', list(['x']), /no audit event/],
    ['an audit event without a stage', list([audit({ stage: undefined })]), /no stage/],
    [
      'an audit event of a name that is none',
      list([audit(), audit({ objectRef: { resource: 'namespaces', name: '_' } })]),
      /names no/,
    ],
    ['awslogs without data', { awslogs: {} }, /no base64/],
    ['awslogs that are no gzip', { awslogs: { data: base64('x') } }, /no gzip/],
    ['awslogs that grow beyond all bounds', bomb, /no gzip, or more than/],
    ['awslogs of nothing', logs(7), /holds no log/],
    ['awslogs of another type', logs({ messageType: 'OTHER' }), /no message of CloudWatch/],
    ['awslogs without lines', logs({ messageType: 'DATA_MESSAGE', logStream: 'x' }), /logEvents is no list/],
    [
      'awslogs with a line without text',
      logs({ messageType: 'DATA_MESSAGE', logStream: 'kube-apiserver-audit-1', logEvents: [{}] }),
      /no message/,
    ],
    ['Pub/Sub without data', { message: {} }, /no base64/],
    ['Pub/Sub with something else', { message: { data: base64([1]) } }, /no log entry/],
    ['an entry that names nothing', { protoPayload: { methodName: 'io.k8s.core.v1.namespaces.create' } }, /names no/],
    ['records that are none', { records: 1 }, /records is no list/],
    ['a record without a category', { records: [{}] }, /no category/],
    ['a record without a log', { records: [{ category: 'kube-audit' }] }, /no log/],
    ['an event of Argo without a type', { context: {}, data: {} }, /no type/],
    ['an event of Argo without content', { context: { type: 'resource' }, data: 'AAAA' }, /no resource event/],
    [
      'an event of Argo without an object',
      { context: { type: 'resource' }, data: { type: 'ADD', resource: 'namespaces' } },
      /no Kubernetes object/,
    ],
  ])('%s', (_, body, reason, headers) => {
    expect(refusalOf(body, headers)).toMatch(reason);
  });
});

it('quotes nothing of a body that it refuses', () => {
  const canary = `canary-${crypto.randomUUID()}`;
  const event = {
    specversion: '1.0',
    type: 'namespace.created',
    source: canary,
    id: canary,
    data: { name: `_${canary}` },
  };
  expect(refusalOf(event)).not.toContain(canary);
});

it('gives events of its form for any JSON, or refuses it', () => {
  const keys = [
    'specversion',
    'type',
    'id',
    'source',
    'data',
    'kind',
    'items',
    'awslogs',
    'records',
    'message',
    'context',
  ];
  const json = fc.oneof(
    fc.jsonValue({ maxDepth: 6 }),
    fc.dictionary(
      fc.constantFrom(...keys),
      fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('1.0', 'EventList')),
    ),
  );
  fc.assert(
    fc.property(json, (body) => {
      for (const { name, cluster } of parseIfAny(body)) {
        expect(name).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(cluster).toBe('prod');
      }
    }),
    { numRuns: 500 },
  );
});

it('gives events of its form for its own requests with anything in them, or refuses them', () => {
  const damaged = fc.record({ fixture: fc.constantFrom(...NAMESPACE_FIXTURES), at: fc.nat(), junk: fc.jsonValue() });
  fc.assert(
    fc.property(damaged, ({ fixture, at, junk }) => {
      const body = replaceNode(JSON.parse(Buffer.from(namespaceBody(fixture.file)).toString()), at, junk);
      for (const { name, uid } of parseIfAny(body, fixture.headers)) {
        expect(name.length).toBeLessThanOrEqual(63);
        expect(uid ?? 'a').toMatch(/^[\w-]{1,64}$/);
      }
    }),
    { numRuns: 500 },
  );
});

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
