// For any images: what arrives is what was there, byte for byte, and what was told on the way adds up to the report.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import type { CopyEvent, TargetReport } from '../../../shared/mirror/copy-types.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { countsAt, openCopyBed } from '../../support/copy-bed.ts';
import {
  contentAt,
  INDEX,
  plantManifest,
  plantReferrer,
  plantSimpleImage,
  type Place,
} from '../../support/planted-content.ts';

/** A tree of images and indexes; layers are numbers into a pool, so that they are shared. */
type Tree = { layers: number[]; signed: boolean } | { children: Tree[]; signed: boolean };

const POOL_SIZES = [0, 1, 2, 100, 4_096, 65_536, 65_537, 600_000, 1_100_000];
const pool = POOL_SIZES.map((size) => randomBytes(size));

const { tree } = fc.letrec<{ tree: Tree; image: Tree; index: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, tie('image'), tie('index')),
  image: fc.record({ layers: fc.array(fc.nat(pool.length - 1), { maxLength: 6 }), signed: fc.boolean() }),
  index: fc.record({ children: fc.array(tie('tree'), { maxLength: 4 }), signed: fc.boolean() }),
}));

async function plant(place: Place, node: Tree, referrers: Descriptor[], tag?: string): Promise<Descriptor> {
  const named = tag === undefined ? {} : { tag };
  let planted: Descriptor;
  if ('layers' in node) {
    const layers = node.layers.map((number) => pool[number] ?? '');
    planted = await plantSimpleImage(place, { layers, ...named });
  } else {
    const manifests: Descriptor[] = [];
    for (const child of node.children) manifests.push(await plant(place, child, referrers));
    planted = await plantManifest(place, { manifests }, { mediaType: INDEX, ...named });
  }
  if (node.signed) referrers.push(await plantReferrer(place, planted, `signature of ${planted.digest}`));
  return planted;
}

function expectConsistent(events: readonly CopyEvent[], report: TargetReport, target: number) {
  const blobs = events.filter((event) => event.type === 'blob').filter((event) => event.target === target);
  const ended = (state: string) => blobs.filter((event) => event.state === state);
  for (const state of ['copied', 'mounted', 'existing'] as const) {
    expect(ended(state)).toHaveLength(report.blobs[state]);
    expect(new Set(ended(state).map(({ digest }) => digest)).size).toBe(report.blobs[state]);
  }
  const sum = (sizes: { sizeBytes: number }[]) => sizes.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  expect(sum(ended('copied'))).toBe(report.bytesMoved);
  expect(sum([...ended('mounted'), ...ended('existing')])).toBe(report.bytesSaved);

  for (const { digest, sizeBytes } of ended('copied')) {
    const of = blobs.filter((event) => event.digest === digest);
    const sent = of.map(({ sentBytes }) => sentBytes);
    expect(of[0]?.state).toBe('started');
    expect(sent).toEqual(sent.toSorted((left, right) => left - right));
    expect(sent.at(-1)).toBe(sizeBytes);
  }
  const planned = events.filter((event) => event.type === 'planned').filter((event) => event.target === target);
  expect(planned.reduce((total, { blobs: count }) => total + count, 0)).toBe(
    report.blobs.copied + report.blobs.mounted + report.blobs.existing,
  );
  const last = events.filter((event) => event.type === 'target').findLast((event) => event.target === target);
  expect(last?.report).toEqual(report);
}

test('copies of any tree are whole, and their events add up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 3 }), async (trees) => {
      await using source = await startRegistry();
      await using target = await startRegistry({ sparseIndexes: false });
      await using other = await startRegistry({ referrersApi: false });
      await using bed = openCopyBed();
      const from = { registry: source, repository: 'app' };
      for (const [number, node] of trees.entries()) {
        const tag = `v${number}`;
        const referrers: Descriptor[] = [];
        const { digest } = await plant(from, node, referrers, tag);
        const to = [`${target.host}/mirror:${tag}`, `${other.host}/a/b/c:${tag}`];
        const { targets, events } = await bed.copy(`${source.host}/app:${tag}`, to);
        for (const [position, place] of [
          { registry: target, repository: 'mirror' },
          { registry: other, repository: 'a/b/c' },
        ].entries()) {
          const report = targets[position];
          expect(report).toMatchObject({ digest });
          expect(['copied', 'unchanged']).toContain(report?.state);
          for (const name of [tag, ...referrers.map((referrer) => referrer.digest)])
            expect(await contentAt(place, name)).toEqual(await contentAt(from, name));
          if (report !== undefined) expectConsistent(events, report, position);
        }
      }
      const blobs = target.catalog.get('mirror')?.blobs.size ?? 0;
      expect(countsAt(target)['PUT upload'] ?? 0).toBe(blobs);
    }),
    { numRuns: 8 },
  );
}, 20_000);
