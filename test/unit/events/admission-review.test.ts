// Reviews of API servers: what they say, what they never do, and the patch that adds references.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTransshipError } from '../../../shared/errors.ts';
import { allow, namespaceOfReview, parseAdmissionReview } from '../../../shared/events/namespaces/admission-review.ts';
import { pullSecretsPatch } from '../../../shared/events/namespaces/pull-secrets-patch.ts';
import { namespaceBody } from './namespace-fixtures.ts';

const read = (file: string) => parseAdmissionReview(namespaceBody(`admission-${file}.json`));
const NAMESPACE_UID = '3f0f4a1e-7c56-4c6d-9a53-0e2f6d6b1c01';
const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

it.each([
  ['v1', { source: 'admission', name: 'team-a', uid: NAMESPACE_UID }],
  ['v1beta1', { source: 'admission', name: 'team-b', uid: NAMESPACE_UID }],
  ['generated-name', { source: 'admission', name: 'team-x7k2p', uid: NAMESPACE_UID }],
  ['dry-run', undefined],
  ['delete', undefined],
  ['service-account', undefined],
])('finds the Namespace of %s', (file, expected) => {
  const found = namespaceOfReview(read(file));
  expect(found).toEqual(expected);
});

it('answers in the version that it was asked in, with the id of the request', () => {
  for (const version of ['v1', 'v1beta1']) {
    expect(allow(read(version))).toEqual({
      apiVersion: `admission.k8s.io/${version}`,
      kind: 'AdmissionReview',
      response: { uid: UID, allowed: true },
    });
  }
});

it('tells a subresource and another group from the object', () => {
  const review = JSON.parse(Buffer.from(namespaceBody('admission-v1.json')).toString());
  const resourceOf = (request: object) =>
    parseAdmissionReview(Buffer.from(JSON.stringify({ ...review, request: { ...review.request, ...request } })))
      .resource;
  expect(resourceOf({ subResource: 'finalize' })).toBe('namespaces.finalize');
  expect(resourceOf({ resource: { group: 'example.com', version: 'v1', resource: 'namespaces' } })).toBe(
    'namespaces.example.com',
  );
});

describe('is refused', () => {
  const request = { uid: '1', operation: 'CREATE', resource: { resource: 'namespaces' } };
  const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request };
  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['a list', []],
    ['another kind', { ...review, kind: 'SubjectAccessReview' }],
    ['another version', { ...review, apiVersion: 'admission.k8s.io/v2' }],
    ['no request', { ...review, request: undefined }],
    ['no uid', { ...review, request: { ...request, uid: undefined } }],
    ['a uid of a megabyte', { ...review, request: { ...request, uid: 'a'.repeat(1_000_000) } }],
    ['no operation', { ...review, request: { ...request, operation: 1 } }],
    ['no resource', { ...review, request: { ...request, resource: 'namespaces' } }],
  ])('%s', (_, body) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    expect(() => parseAdmissionReview(bytes)).toThrow(/cannot be read/);
  });

  it('a name that no Namespace has', () => {
    const bytes = Buffer.from(JSON.stringify({ ...review, request: { ...request, name: 'A B' } }));
    expect(() => namespaceOfReview(parseAdmissionReview(bytes))).toThrow(/names no Namespace/);
  });
});

it('reads any JSON, or refuses it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (resource, object) => {
      const request = { uid: '1', operation: 'CREATE', resource, object };
      const bytes = Buffer.from(
        JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request }),
      );
      expect(failureOf(() => namespaceOfReview(parseAdmissionReview(bytes)))).toBeOneOf([undefined, 'invalid-usage']);
    }),
  );
});

describe('the patch', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['makes the list where there is none', {}, [{ op: 'add', path: '/imagePullSecrets', value: [{ name: 'pull' }] }]],
    [
      'fills an empty list',
      { imagePullSecrets: [] },
      [{ op: 'add', path: '/imagePullSecrets/-', value: { name: 'pull' } }],
    ],
    [
      'adds to the end of a list',
      { imagePullSecrets: [{ name: 'other' }] },
      [{ op: 'add', path: '/imagePullSecrets/-', value: { name: 'pull' } }],
    ],
    ['changes nothing where it is there', { imagePullSecrets: [{ name: 'other' }, { name: 'pull' }] }, []],
    [
      'takes a list that is none as none',
      { imagePullSecrets: null },
      [{ op: 'add', path: '/imagePullSecrets', value: [{ name: 'pull' }] }],
    ],
  ])('%s', (_, account, expected) => {
    expect(pullSecretsPatch(account, ['pull', 'pull'])).toEqual(expected);
  });

  it('keeps what is there in its order, whatever is there, and adds each name once', () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(fc.option(fc.array(name)), fc.array(name), (listed, wanted) => {
        const account = listed === null ? {} : { imagePullSecrets: listed.map((one) => ({ name: one })) };
        const after = applied(account, pullSecretsPatch(account, wanted));
        expect(after.slice(0, listed?.length ?? 0)).toEqual(listed ?? []);
        expect(new Set(after)).toEqual(new Set([...(listed ?? []), ...wanted]));
        expect(after.length).toBe(
          (listed ?? []).length + new Set(wanted.filter((one) => listed?.includes(one) !== true)).size,
        );
      }),
    );
  });

  it('goes out as base64 of JSON', () => {
    const patch = pullSecretsPatch({}, ['pull']);
    const { response } = allow({ apiVersion: 'admission.k8s.io/v1', uid: '1' }, patch) as {
      response: { patch: string; patchType: string };
    };
    expect(response.patchType).toBe('JSONPatch');
    expect(JSON.parse(Buffer.from(response.patch, 'base64').toString())).toEqual(patch);
  });
});

/** What an API server makes of it: the names in the list. */
function applied(
  account: { imagePullSecrets?: { name: string }[] },
  patch: ReturnType<typeof pullSecretsPatch>,
): string[] {
  let list = account.imagePullSecrets ?? [];
  for (const { path, value } of patch) {
    if (path === '/imagePullSecrets') list = value as { name: string }[];
    else list = [...list, value as { name: string }];
  }
  return list.map(({ name }) => name);
}

/** The code of what is thrown on purpose. */
function failureOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isTransshipError(error)) return error.code;
    throw error;
  }
}
