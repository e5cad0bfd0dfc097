// Policies of ECR as documents that others write as well: what is not ours stays, byte for byte.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../../../shared/grants/canonical.ts';
import type { EntryChange } from '../../../../shared/grants/backend.ts';
import { canonicalStatement } from '../../../../shared/grants/ecr/canonical-statement.ts';
import { mergePolicy } from '../../../../shared/grants/ecr/merge-policy.ts';
import {
  EMPTY_POLICY,
  parsePolicy,
  policyEntries,
  policyRevision,
  renderPolicy,
} from '../../../../shared/grants/ecr/policy-document.ts';
import { isMarkOf, statementMark } from '../../../../shared/grants/ecr/statement-mark.ts';

const WHERE = { partition: 'aws', what: 'the policy of the test' };
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];

const root = (account: string) => `arn:aws:iam::${account}:root`;

function allow(...principals: string[]) {
  return { Effect: 'Allow', Principal: { AWS: principals.toSorted() }, Action: PULL };
}

function create(grant: string, ...principals: string[]): EntryChange {
  const target = { backend: 'ecr', host: 'h', place: 'app' } as const;
  return { op: 'create', wanted: { target, key: mark(grant), content: allow(...principals), grants: [grant] } };
}

function mark(grant: string): string {
  return statementMark('transship', grant, 0);
}

function merged(text: string | undefined, ...changes: EntryChange[]): string | undefined {
  const document = text === undefined ? EMPTY_POLICY : parsePolicy(text, WHERE);
  return renderPolicy(
    mergePolicy(document, changes, { instance: 'transship', what: 'x', written: new Map() }).document,
  );
}

describe('a mark', () => {
  test('is a Sid as AWS takes it, of this instance and no other', () => {
    expect(mark('base')).toMatch(/^PG[a-z2-7]{10}x0$/);
    expect(isMarkOf(mark('base'), 'transship')).toBe(true);
    expect(isMarkOf(mark('base'), 'another')).toBe(false);
    expect(statementMark('another', 'base', 0)).not.toBe(mark('base'));
  });

  test.each(['PGAdmin', 'PGabcdefghij', 'PGabcdefghijx', 'pgabcdefghijx0', 'PGabcdefgh10x0', 'xPGabcdefghijx0'])(
    '%s of somebody else is none',
    (sid) => expect(isMarkOf(sid, 'transship')).toBe(false),
  );
});

describe('statements that say the same are the same', () => {
  const one = { Effect: 'Allow', Principal: { AWS: [root('012345678901'), root('111122223333')] }, Action: PULL };
  test.each([
    ['accounts by their numbers, in another order', { ...one, Principal: { AWS: ['111122223333', '012345678901'] } }],
    ['actions in another order and spelling', { ...one, Action: ['ECR:getDownloadUrlForLayer', ...PULL] }],
    ['with a Sid', { Sid: 'x', ...one }],
  ])('%s', (_, other) => {
    expect(canonicalText(canonicalStatement(other, 'aws'))).toBe(canonicalText(canonicalStatement(one, 'aws')));
  });

  test.each([
    ['one action, as a text or a list', { Action: 'ecr:X' }, { Action: ['ecr:X'] }],
    ['everybody', { Principal: '*' }, { Principal: { AWS: '*' } }],
    ['one principal', { Principal: { AWS: '111122223333' } }, { Principal: { AWS: [root('111122223333')] } }],
    [
      'conditions',
      {
        Condition: {
          Bool: { 'aws:SecureTransport': true },
          DateLessThan: { 'AWS:currenttime': '2027-01-31T00:00:00.000Z' },
        },
      },
      {
        Condition: {
          Bool: { 'aws:SecureTransport': ['true'] },
          DateLessThan: { 'aws:CurrentTime': ['2027-01-31T00:00:00Z'] },
        },
      },
    ],
  ])('%s', (_, left, right) => {
    expect(canonicalText(canonicalStatement(left, 'aws'))).toBe(canonicalText(canonicalStatement(right, 'aws')));
  });

  test('an account is the root of the partition', () => {
    expect(canonicalStatement({ Principal: { AWS: '000000000001' } }, 'aws-cn')).toEqual({
      Principal: { AWS: ['arn:aws-cn:iam::000000000001:root'] },
    });
  });

  test('a condition more is another statement', () => {
    expect(canonicalText(canonicalStatement({ ...one, Condition: {} }, 'aws'))).not.toBe(
      canonicalText(canonicalStatement(one, 'aws')),
    );
  });
});

describe('a merge', () => {
  test('into nothing makes a policy of 2012, and out of the last statement none', () => {
    const text = merged(undefined, create('base', root('111122223333')));
    expect(JSON.parse(text ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [{ Sid: mark('base'), ...allow(root('111122223333')) }],
    });
    expect(merged(text, { op: 'delete', key: mark('base'), before: allow(root('111122223333')) })).toBeUndefined();
  });

  test('keeps a Version of 2008, an Id, and a statement that is no list, as they are', () => {
    const text = `{ "Version" : "2008-10-17",\n "Statement": {"Sid":"PGAdmin", "Effect":"Allow","Principal":"*" ,"Action":"ecr:*"},"Id" :"\\u0041" }`;
    expect(merged(text, create('base', root('111122223333')))).toBe(
      `{"Version" : "2008-10-17","Statement":[{"Sid":"PGAdmin", "Effect":"Allow","Principal":"*" ,"Action":"ecr:*"},${JSON.stringify({ Sid: mark('base'), ...allow(root('111122223333')) })}],"Id" :"\\u0041"}`,
    );
  });

  test('replaces ours where it stands', () => {
    const first = merged(undefined, create('a', root('111122223333')), create('b', root('111122223333')));
    const target = { backend: 'ecr', host: 'h', place: 'app' } as const;
    const wanted = { target, key: mark('a'), content: allow(root('000000000001')), grants: ['a'] };
    const second = merged(first, { op: 'update', wanted, before: allow(root('111122223333')) });
    expect(JSON.parse(second ?? '').Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual([mark('a'), mark('b')]);
    expect(second).toContain(root('000000000001'));
  });

  test('takes over a statement of somebody else that says exactly the same', () => {
    const text = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Sid: 'Partners', Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: PULL }],
    });
    const change = create('base', root('111122223333'));
    if (change.op !== 'create') throw new Error('no create');
    const after = merged(text, { ...change, op: 'adopt', before: allow(root('111122223333')) });
    expect(JSON.parse(after ?? '').Statement).toEqual([{ Sid: mark('base'), ...allow(root('111122223333')) }]);
    expect(() => merged(text, { ...change, op: 'adopt', before: allow(root('000000000001')) })).toThrow(/is gone/);
  });

  test.each<[string, EntryChange]>([
    ['is made by somebody else meanwhile', create('base', root('000000000002'))],
    ['was changed meanwhile', { op: 'delete', key: mark('base'), before: allow(root('000000000002')) }],
  ])('an entry of ours that %s is told', (_, change) => {
    const text = merged(undefined, create('base', root('111122223333')));
    expect(() => merged(text, change)).toThrow(expect.objectContaining({ code: 'object-conflict', retryable: true }));
  });

  test('never touches what is not ours, whatever it is asked for', () => {
    const text = `{"Statement":[{"Sid":"PGAdmin","Effect":"Allow","Principal":"*","Action":"ecr:*"}]}`;
    const [entry] = policyEntries(parsePolicy(text, WHERE), 'transship');
    expect(() => merged(text, { op: 'delete', key: 'PGAdmin', before: entry?.statement.content ?? null })).toThrow(
      /is not ours/,
    );
  });

  test('what does not fit stays out, and the largest are named', () => {
    const many = Array.from(
      { length: 160 },
      (_, index) => `arn:aws:iam::111122223333:role/team-with-a-long-name-${index}`,
    );
    const foreign = `{"Statement":[{"Sid":"Partners","Effect":"Deny","Principal":{"AWS":${JSON.stringify(many.slice(0, 60))}},"Action":"ecr:PutImage"}]}`;
    const changes = [
      create('small', root('000000000001')),
      create('large', ...many),
      create('last', root('000000000002')),
    ];
    const { document, blocked } = mergePolicy(parsePolicy(foreign, WHERE), changes, {
      instance: 'transship',
      what: 'h/app',
      written: new Map(),
    });
    expect(policyEntries(document, 'transship').map(({ key }) => key)).toEqual([
      'Partners',
      mark('small'),
      mark('last'),
    ]);
    expect([...blocked]).toEqual([
      [
        mark('large'),
        {
          message: expect.stringMatching(
            new RegExp(
              `^the policy of h/app would have \\d{5} characters with statement ${mark('large')}, and AWS takes 10240; the largest: Sid ${mark('large')} with \\d+, Sid Partners \\(not ours\\) with \\d+`,
            ),
          ),
          hint: expect.stringContaining('account or organization'),
        },
      ],
    ]);
  });

  test('a policy that AWS has laid out with much space fits without it, and no string in it changes', () => {
    const long = Array.from({ length: 150 }, (_, index) => `arn:aws:iam::111122223333:role/a  b-${index}`);
    const foreign = JSON.stringify(
      { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Principal: { AWS: long }, Action: 'ecr:*' }] },
      undefined,
      24,
    );
    expect(foreign.length).toBeGreaterThan(10_240);
    const text = merged(foreign, create('base', root('111122223333'))) ?? '';
    expect(text.length).toBeLessThanOrEqual(10_240);
    expect(JSON.parse(text).Statement[0].Principal.AWS).toEqual(long);
  });

  test.each(['', 'null', '[]', '{}', '{"Statement":[1]}', '{"Statement":[],"Statement":[]}', '{"Statement":['])(
    'what is no policy is told, and not written over: %s',
    (text) => expect(() => parsePolicy(text, WHERE)).toThrow(expect.objectContaining({ code: 'invalid-response' })),
  );
});

describe('after 1,000 random edits of grants', () => {
  const space = fc.constantFrom('', ' ', '\n  ', '\t');
  const value = fc.constantFrom(
    '"ecr:*"',
    '[ "ecr:BatchGetImage" ,"ecr:PutImage"]',
    '"\\u0065cr:X"',
    '["a{b]c,\\"d\\\\"]',
    '1.0',
    '1e2',
    'true',
    '{"a" : [1.50,{}]}',
  );
  const foreign = fc
    .tuple(
      space,
      fc.constantFrom('PGAdmin', 'LambdaECRImageRetrievalPolicy', 'a, b', '', 'PGabcdefghijx0'),
      value,
      value,
    )
    .map(
      ([gap, sid, action, odd]) =>
        `{${gap}"Sid"${gap}:${JSON.stringify(sid)},"Effect":"Allow"${gap},"Principal":${gap}"*","Action":${action},"Condition":{"X":${gap}{"y":${odd}}}}`,
    );

  test('every statement of others and the Version are the same bytes, in the same order', () => {
    const policies = fc.tuple(
      fc.array(foreign, { minLength: 1, maxLength: 5 }),
      fc.constantFrom('"2008-10-17"', '"2012-10-17"'),
      fc.infiniteStream(fc.nat()),
    );
    fc.assert(
      fc.property(policies, ([others, version, numbers]) => {
        let text = `{"Version":${version},"Statement":[${others.join(' , ')}]}`;
        for (let edit = 0; edit < 1000; edit += 1) {
          const number: number = numbers.next().value;
          const key = mark(`grant-${number % 7}`);
          const entry = policyEntries(parsePolicy(text, WHERE), 'transship').find((one) => one.key === key);
          const accounts = Array.from({ length: 1 + (number % 4) }, (_, index) =>
            root(String((number + index) % 1_000_000).padStart(12, '0')),
          );
          const change = create(`grant-${number % 7}`, ...accounts);
          const before = entry?.statement.content ?? null;
          text =
            merged(
              text,
              entry === undefined || change.op !== 'create'
                ? change
                : number % 3 === 0
                  ? { op: 'delete', key, before }
                  : { ...change, op: 'update', before },
            ) ?? '';
        }
        expect(text.startsWith(`{"Version":${version},"Statement":[`)).toBe(true);
        const kept = parsePolicy(text, WHERE).statements.filter(
          ({ sid }) => sid === undefined || !isMarkOf(sid, 'transship'),
        );
        expect(kept.map((one) => one.text)).toEqual(others);
      }),
      { numRuns: 2 },
    );
  }, 60_000);
});

test('the revision is that of the meaning: order, layout and words of AWS do not change it', () => {
  const left = `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["111122223333","012345678901"]},"Action":"ecr:X"}]}`;
  const right = `{ "Version": "2012-10-17", "Statement": [ {"Effect":"Allow","Sid":"a", "Principal":{"AWS":["${root('012345678901')}","${root('111122223333')}"]},"Action":["ecr:X"]}]}`;
  expect(policyRevision(parsePolicy(left, WHERE))).toBe(policyRevision(parsePolicy(right, WHERE)));
  expect(policyRevision(parsePolicy(left.replace('"a"', '"b"'), WHERE))).not.toBe(
    policyRevision(parsePolicy(left, WHERE)),
  );
  expect(policyRevision(parsePolicy(left.replace('2012', '2008'), WHERE))).not.toBe(
    policyRevision(parsePolicy(left, WHERE)),
  );
});
