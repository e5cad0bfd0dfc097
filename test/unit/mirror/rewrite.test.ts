// The smaller index that is made from a larger one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rewriteIndex } from '../../../shared/mirror/rewrite.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { childrenOf, parseManifest, type Manifest } from '../../../shared/oci/manifest.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const NONE: ReadonlyMap<string, Manifest> = new Map();

const entries = ['a', 'b', 'c'].map((letter) => ({
  mediaType: MANIFEST,
  digest: `sha256:${letter.repeat(64)}`,
  size: 7,
  platform: { os: 'linux', architecture: letter },
  'x-unknown': { kept: [letter] },
}));

function indexOf(fields: object, text = (value: object) => JSON.stringify(value)): Manifest {
  return parseManifest(Buffer.from(text({ schemaVersion: 2, mediaType: INDEX, manifests: entries, ...fields })), INDEX);
}

function documentOf(manifest: Manifest): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(manifest.bytes));
}

const some = (index: Manifest, ...positions: number[]): Descriptor[] =>
  childrenOf(index).filter((_entry, position) => positions.includes(position));

describe('keeps', () => {
  test('the very bytes where everything was chosen, odd spacing and all', () => {
    const index = indexOf({}, (value) => ` ${JSON.stringify(value, null, 3)}\n`);
    expect(rewriteIndex(index, childrenOf(index), NONE)).toBe(index);
  });

  test('the chosen entries as the source wrote them, fields that it does not know too', () => {
    const index = indexOf({});
    expect(documentOf(rewriteIndex(index, some(index, 0, 2), NONE))['manifests']).toEqual([entries[0], entries[2]]);
  });

  test('the other fields in their order, annotations among them', () => {
    const subject = { mediaType: MANIFEST, digest: `sha256:${'d'.repeat(64)}`, size: 1 };
    const index = indexOf({ annotations: { owner: 'me' }, 'x-more': [1, { deep: true }], subject });
    const document = documentOf(rewriteIndex(index, some(index, 1), NONE));
    expect(Object.keys(document)).toEqual([
      'schemaVersion',
      'mediaType',
      'manifests',
      'annotations',
      'x-more',
      'subject',
    ]);
    expect(document).toMatchObject({ 'x-more': [1, { deep: true }], subject });
    expect(document['annotations']).toEqual({ owner: 'me', 'io.transship.source.digest': index.digest });
  });

  test('the media type of a Docker manifest list', () => {
    const mediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';
    const index = parseManifest(
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: entries })),
      mediaType,
    );
    expect(rewriteIndex(index, some(index, 1), NONE).mediaType).toBe(mediaType);
  });
});

test('gives the same bytes for the same choice, in whatever order it was made', () => {
  const index = indexOf({ annotations: { b: '1', a: '2' } });
  fc.assert(
    fc.property(fc.shuffledSubarray(childrenOf(index), { minLength: 1, maxLength: 2 }), (chosen) => {
      const first = rewriteIndex(index, chosen, NONE);
      const second = rewriteIndex(index, chosen.toReversed(), NONE);
      expect(second.digest).toBe(first.digest);
      expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
      expect(parseManifest(first.bytes, INDEX).digest).toBe(first.digest);
    }),
  );
});

test('puts the successor of a nested index in its place, without the data of the old one', () => {
  const nested = indexOf({});
  const outer = indexOf({
    manifests: [
      {
        mediaType: INDEX,
        digest: nested.digest,
        size: nested.bytes.length,
        data: Buffer.from(nested.bytes).toString('base64'),
        annotations: { a: 'b' },
      },
      entries[1],
    ],
  });
  const successor = rewriteIndex(nested, some(nested, 0), NONE);
  const rewritten = rewriteIndex(outer, childrenOf(outer), new Map([[nested.digest, successor]]));
  expect(documentOf(rewritten)['manifests']).toEqual([
    { mediaType: INDEX, digest: successor.digest, size: successor.bytes.length, annotations: { a: 'b' } },
    entries[1],
  ]);
});
