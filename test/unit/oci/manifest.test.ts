// Manifests of every kind as raw bytes beside a checked view, and the broken ones that are refused.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { digestOf } from '../../../shared/oci/digest.ts';
import {
  blobsOf,
  childrenOf,
  embeddedContent,
  type Manifest,
  parseManifest,
  subjectOf,
  verifyManifest,
} from '../../../shared/oci/manifest.ts';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  OCI_ARTIFACT_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../shared/oci/media-types.ts';
import { failureOf } from '../../support/failure.ts';

const HEX = 'a0'.repeat(32);
const DIGEST = `sha256:${HEX}`;
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const config = { mediaType: OCI_CONFIG, digest: DIGEST, size: 2 };
const layer = { mediaType: LAYER, digest: `sha512:${HEX}${HEX}`, size: 0 };
const child = { mediaType: OCI_MANIFEST, digest: DIGEST, size: 400 };
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer, layer] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] };
const artifact = { mediaType: OCI_ARTIFACT_MANIFEST, artifactType: 'a/b', blobs: [layer] };

function bytesOf(document: unknown): Uint8Array {
  return new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
}

function parse(document: unknown): Manifest {
  return parseManifest(bytesOf(document), undefined);
}

function without(document: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
}

describe('parseManifest', () => {
  test('keeps the bytes as they are and computes their digest', () => {
    const bytes = bytesOf(`\n ${JSON.stringify({ ...image, extra: [1] })} `);
    const manifest = parseManifest(bytes, OCI_MANIFEST);
    expect(manifest.bytes).toBe(bytes);
    expect(manifest.digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
    expect(manifest.view).toStrictEqual({ kind: 'image', config, layers: [layer, layer] });
    expect(manifest.mediaType).toBe(OCI_MANIFEST);
  });

  test.each<[string, unknown, string | undefined, string, string]>([
    ['an OCI manifest', image, OCI_MANIFEST, OCI_MANIFEST, 'image'],
    ['a Content-Type with parameters', image, `${OCI_MANIFEST.toUpperCase()}; charset=utf-8`, OCI_MANIFEST, 'image'],
    ['a Docker manifest', { ...image, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST, DOCKER_MANIFEST, 'image'],
    ['an index', index, OCI_INDEX, OCI_INDEX, 'index'],
    ['a Docker list', { ...index, mediaType: DOCKER_LIST }, DOCKER_LIST, DOCKER_LIST, 'index'],
    ['an artifact manifest', artifact, OCI_ARTIFACT_MANIFEST, OCI_ARTIFACT_MANIFEST, 'artifact'],
    [
      'an artifact manifest without blobs',
      without(artifact, 'blobs'),
      OCI_ARTIFACT_MANIFEST,
      OCI_ARTIFACT_MANIFEST,
      'artifact',
    ],
    ['application/json', image, 'application/json', OCI_MANIFEST, 'image'],
    ['application/octet-stream', index, 'application/octet-stream', OCI_INDEX, 'index'],
    ['text/plain with parameters', index, 'text/plain; charset=utf-8', OCI_INDEX, 'index'],
    ['no Content-Type', { ...image, mediaType: DOCKER_MANIFEST }, undefined, DOCKER_MANIFEST, 'image'],
    ['an image without mediaType', without(image, 'mediaType'), DOCKER_MANIFEST, DOCKER_MANIFEST, 'image'],
    ['an image without any type', without(image, 'mediaType'), undefined, OCI_MANIFEST, 'image'],
    ['an index without any type', without(index, 'mediaType'), 'application/json', OCI_INDEX, 'index'],
    [
      'null for absent',
      { ...image, layers: null, manifests: null, subject: null, annotations: null },
      undefined,
      OCI_MANIFEST,
      'image',
    ],
    ['no schemaVersion', without(image, 'schemaVersion'), undefined, OCI_MANIFEST, 'image'],
    ['an empty index', { ...index, manifests: [] }, OCI_INDEX, OCI_INDEX, 'index'],
    [
      '1 000 layers',
      { ...image, layers: Array.from({ length: 1000 }, () => layer) },
      OCI_MANIFEST,
      OCI_MANIFEST,
      'image',
    ],
    ['a repeated field', `{"config":1,${JSON.stringify(image).slice(1)}`, OCI_MANIFEST, OCI_MANIFEST, 'image'],
    ['the largest size', { ...index, manifests: [{ ...child, size: 2 ** 53 - 1 }] }, OCI_INDEX, OCI_INDEX, 'index'],
  ])('reads %s', (_name, document, contentType, mediaType, kind) => {
    const manifest = parseManifest(bytesOf(document), contentType);
    expect(manifest.mediaType).toBe(mediaType);
    expect(manifest.view.kind).toBe(kind);
  });

  test('reads everything a descriptor can say, and what the manifest says of itself', () => {
    const entry = {
      ...child,
      urls: ['https://x.y/z'],
      annotations: { a: 'b' },
      data: 'e30=',
      artifactType: 'x/y',
      platform: {
        os: 'windows',
        architecture: 'amd64',
        variant: 'v2',
        'os.version': '10.0',
        'os.features': ['win32k'],
      },
    };
    const document = { ...index, manifests: [entry], subject: child, artifactType: 'p/q', annotations: { k: 'v' } };
    const { view } = parseManifest(bytesOf(document), OCI_INDEX);
    expect(view).toStrictEqual({
      kind: 'index',
      manifests: [entry],
      subject: child,
      artifactType: 'p/q',
      annotations: { k: 'v' },
    });
  });

  test('takes a platform that names nothing for none', () => {
    const document = {
      ...index,
      manifests: [
        { ...child, platform: {} },
        { ...child, platform: { os: '', architecture: '' } },
      ],
    };
    expect(childrenOf(parseManifest(bytesOf(document), OCI_INDEX))).toStrictEqual([child, child]);
  });

  test('keeps annotations named like members of Object.prototype harmless', () => {
    const text = JSON.stringify({ ...image, annotations: { x: '1' } }).replace('"x"', '"__proto__"');
    const { view } = parseManifest(bytesOf(text), OCI_MANIFEST);
    expect(Object.entries(view.annotations ?? {})).toStrictEqual([['__proto__', '1']]);
  });

  const withLayer = (change: object): object => ({ ...image, layers: [layer, { ...layer, ...change }] });
  const withChild = (change: object): object => ({ ...index, manifests: [{ ...child, ...change }] });

  test.each<[string, unknown, string | undefined, RegExp]>([
    ['nothing', '', OCI_MANIFEST, /not JSON/],
    ['HTML', '<html>', OCI_MANIFEST, /not JSON/],
    ['a list', '[]', OCI_MANIFEST, /not a JSON object/],
    ['null', 'null', OCI_MANIFEST, /not a JSON object/],
    ['a byte order mark', '\ufeff{}', OCI_MANIFEST, /not JSON/],
    ['a text', '"x"', OCI_MANIFEST, /not a JSON object/],
    ['deep nesting', '['.repeat(200_000), OCI_MANIFEST, /not JSON/],
    ['an empty object', {}, undefined, /no mediaType/],
    ['an empty object as image', {}, OCI_MANIFEST, /config is missing/],
    ['no config', without(image, 'config'), OCI_MANIFEST, /config is missing/],
    ['no layers', without(image, 'layers'), OCI_MANIFEST, /layers is missing/],
    ['no manifests', without(index, 'manifests'), OCI_INDEX, /manifests is missing/],
    ['an index that says it is an image', { ...index, mediaType: OCI_MANIFEST }, undefined, /config is missing/],
    ['schemaVersion 3', { ...image, schemaVersion: 3 }, OCI_MANIFEST, /schemaVersion is not 2/],
    ['a mediaType that is a number', { ...image, mediaType: 5 }, OCI_MANIFEST, /mediaType is not text/],
    ['layers that are an object', { ...image, layers: {} }, OCI_MANIFEST, /layers is not a list/],
    ['config that is a list', { ...image, config: [] }, OCI_MANIFEST, /config is not an object/],
    ['a layer that is a text', { ...image, layers: ['x'] }, OCI_MANIFEST, /layers\[0\] is not an object/],
    ['a layer without type', withLayer({ mediaType: undefined }), OCI_MANIFEST, /layers\[1\]\.mediaType is missing/],
    [
      'a type with a line break',
      withLayer({ mediaType: 'a/b\r\nX: y' }),
      OCI_MANIFEST,
      /layers\[1\]\.mediaType "a\/b\\u\{d\}/,
    ],
    ['an empty type', withLayer({ mediaType: '' }), OCI_MANIFEST, /layers\[1\]\.mediaType "" is not/],
    ['an endless type', withLayer({ mediaType: 'a'.repeat(256) }), OCI_MANIFEST, /layers\[1\]\.mediaType/],
    ['annotations that are a list', { ...image, annotations: [] }, OCI_MANIFEST, /annotations is not an object/],
    [
      'an annotation that is a number',
      { ...image, annotations: { a: 1 } },
      OCI_MANIFEST,
      /annotations\["a"\] is not text/,
    ],
    ['urls that are a text', withLayer({ urls: 'x' }), OCI_MANIFEST, /layers\[1\]\.urls is not a list/],
    ['a url that is a number', withLayer({ urls: [1] }), OCI_MANIFEST, /layers\[1\]\.urls\[0\] is not text/],
    ['data that is a number', withLayer({ data: 1 }), OCI_MANIFEST, /layers\[1\]\.data is not text/],
    [
      'a platform that is a text',
      withChild({ platform: 'linux' }),
      OCI_INDEX,
      /manifests\[0\]\.platform is not an object/,
    ],
    [
      'an os that is a number',
      withChild({ platform: { os: 1 } }),
      OCI_INDEX,
      /manifests\[0\]\.platform\.os is not text/,
    ],
    ['a subject that is a text', { ...image, subject: DIGEST }, OCI_MANIFEST, /subject is not an object/],
    ['a subject without size', { ...image, subject: without(child, 'size') }, OCI_MANIFEST, /subject\.size is missing/],
  ])('refuses %s', (_name, document, contentType, message) => {
    const error = failureOf(() => parseManifest(bytesOf(document), contentType));
    expect(error?.code).toBe('invalid-manifest');
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(/push it/);
  });

  test('refuses bytes that are not UTF-8', () => {
    const error = failureOf(() => parseManifest(Uint8Array.of(0x7b, 0xff, 0x7d), OCI_MANIFEST));
    expect(error).toMatchObject({ code: 'invalid-manifest', message: expect.stringContaining('not JSON') });
  });

  test.each<[string, unknown, string | undefined]>([
    ['layers and manifests', { ...image, manifests: [child] }, OCI_MANIFEST],
    ['manifests and layers', { ...index, layers: [] }, OCI_INDEX],
    ['layers and manifests of no type', { schemaVersion: 2, config, layers: [], manifests: [] }, undefined],
    ['blobs and manifests', { ...artifact, manifests: [] }, OCI_ARTIFACT_MANIFEST],
    ['another type than it came as', image, OCI_INDEX],
    ['the type of another format', { ...image, mediaType: DOCKER_MANIFEST }, OCI_MANIFEST],
    ['a type beside text/html', image, 'text/html'],
  ])('CVE-2021-41190: refuses a document with %s', (_name, document, contentType) => {
    const error = failureOf(() => parseManifest(bytesOf(document), contentType));
    expect(error?.code).toBe('invalid-manifest');
    expect(error?.message).toMatch(/it has both .* and |it says that it is .* and came as /);
  });

  test.each(['sha256:../x', `sha256:${HEX.toUpperCase()}`, 'sha256:a0', HEX, `md5:${HEX}`, '', `${DIGEST}\n`])(
    'CVE-2024-3727: refuses the digest %j',
    (digest) => {
      const error = failureOf(() => parseManifest(bytesOf(withChild({ digest })), OCI_INDEX));
      expect(error).toMatchObject({
        code: 'invalid-manifest',
        message: expect.stringContaining('manifests[0].digest'),
      });
    },
  );

  test.each(['-1', '9007199254740992', '1.5', '1e400', '"5"', 'true', 'null', '{}'])(
    'CVE-2024-29903: refuses the size %s',
    (size) => {
      const text = JSON.stringify(image).replace('"size":0', `"size":${size}`);
      const error = failureOf(() => parseManifest(bytesOf(text), OCI_MANIFEST));
      expect(error).toMatchObject({ code: 'invalid-manifest', message: expect.stringContaining('layers[0].size') });
    },
  );

  test.each<[string, object]>([
    ['children', { ...index, manifests: Array.from({ length: 100_000 }, () => ({})) }],
    ['layers', { ...image, layers: Array.from({ length: 1001 }, () => layer) }],
    ['blobs', { ...artifact, blobs: Array.from({ length: 1001 }, () => layer) }],
  ])('GHSA-f36w-mj3v-6jqv: refuses too many %s', (_name, document) => {
    const error = failureOf(() => parseManifest(bytesOf(document), undefined));
    expect(error).toMatchObject({ code: 'manifest-too-large', message: expect.stringMatching(/has \d+ entries/) });
  });

  test.each<[string, unknown, string | undefined]>([
    ['by its Content-Type', { fsLayers: [], signatures: [] }, DOCKER_SCHEMA1_SIGNED],
    ['by its mediaType', { mediaType: DOCKER_SCHEMA1 }, undefined],
    ['by its version', { schemaVersion: 1, fsLayers: [] }, 'application/json'],
  ])('refuses schema 1, known %s, and says what to do', (_name, document, contentType) => {
    const error = failureOf(() => parseManifest(bytesOf(document), contentType));
    expect(error).toMatchObject({ code: 'unsupported-manifest', hint: expect.stringContaining('push it again') });
    expect(error?.message).toContain('schema 1');
  });

  test.each([OCI_CONFIG, 'text/html', 'application/vnd.example+json'])('refuses %s as a manifest', (type) => {
    expect(failureOf(() => parseManifest(bytesOf(without(image, 'mediaType')), type))?.code).toBe(
      'unsupported-manifest',
    );
  });

  test('throws nothing but TransshipError, whatever the document', () => {
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(config, [layer], DIGEST, OCI_INDEX, OCI_MANIFEST, 2),
    );
    const names = fc.constantFrom(
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'blobs',
      'subject',
      '__proto__',
    );
    const documents = fc.dictionary(names, values).map((part) => ({ ...image, ...part }));
    fc.assert(
      fc.property(fc.oneof(documents, fc.jsonValue()), fc.option(fc.string(), { nil: undefined }), (document, type) => {
        expect(() => failureOf(() => parseManifest(bytesOf(JSON.stringify(document)), type))).not.toThrow();
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(failureOf(() => parseManifest(bytes, undefined))?.code).toBe('invalid-manifest');
      }),
    );
  });
});

test('blobsOf, childrenOf and subjectOf give what a manifest names', () => {
  expect(blobsOf(parse(image))).toStrictEqual([config, layer, layer]);
  expect(blobsOf(parse(artifact))).toStrictEqual([layer]);
  expect(blobsOf(parse(index))).toStrictEqual([]);
  expect(childrenOf(parse(index))).toStrictEqual([child]);
  expect(childrenOf(parse(image))).toStrictEqual([]);
  expect(subjectOf(parse({ ...artifact, subject: child }))).toStrictEqual(child);
  expect(subjectOf(parse(image))).toBeUndefined();
});

describe('verifyManifest', () => {
  const bytes = bytesOf(image);

  test('accepts bytes that match what is expected', () => {
    for (const digest of [digestOf(bytes), digestOf(bytes, 'sha512')]) {
      expect(() => verifyManifest(bytes, { digest, size: bytes.length })).not.toThrow();
    }
    expect(() => verifyManifest(bytes, {})).not.toThrow();
  });

  test.each<[string, { digest?: string; size?: number }, string]>([
    ['another size', { size: bytes.length - 1 }, 'size-mismatch'],
    ['another digest', { digest: DIGEST }, 'digest-mismatch'],
    ['another sha512 digest', { digest: `sha512:${HEX}${HEX}` }, 'digest-mismatch'],
    ['no digest at all', { digest: 'sha256:x' }, 'invalid-digest'],
  ])('CVE-2025-24882: refuses %s', (_name, expected, code) => {
    expect(failureOf(() => verifyManifest(bytes, expected))).toMatchObject({ code, hint: expect.stringMatching(/./) });
  });
});

describe('embeddedContent', () => {
  const content = bytesOf('{}');
  const embedded: Descriptor = { mediaType: OCI_CONFIG, digest: digestOf(content), size: 2, data: 'e30=' };

  test('gives the content, or undefined where there is none', () => {
    expect(embeddedContent(embedded)).toStrictEqual(content);
    expect(embeddedContent(config)).toBeUndefined();
    expect(embeddedContent({ ...embedded, data: '', size: 0, digest: digestOf(new Uint8Array()) })).toStrictEqual(
      new Uint8Array(),
    );
  });

  test.each<[string, Partial<Descriptor>, string]>([
    ['no padding', { data: 'e30' }, 'invalid-manifest'],
    ['URL base64', { data: '-_-_' }, 'invalid-manifest'],
    ['white space', { data: 'e30=\n' }, 'invalid-manifest'],
    ['another size', { size: 3 }, 'size-mismatch'],
    ['another digest', { digest: DIGEST }, 'digest-mismatch'],
  ])('refuses data with %s', (_name, change, code) => {
    expect(failureOf(() => embeddedContent({ ...embedded, ...change }))?.code).toBe(code);
  });

  test('decodes any content', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const data = Buffer.from(bytes).toString('base64');
        expect(embeddedContent({ mediaType: LAYER, digest: digestOf(bytes), size: bytes.length, data })).toStrictEqual(
          bytes,
        );
      }),
    );
  });
});
