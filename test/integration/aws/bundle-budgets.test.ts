// What the functions have to read before their first event stays small: sizes by the metafiles of the build, against budgets.
import type { Metafile } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleSize, type BundleSize } from '../../../infra/aws/package/bundle-size.ts';
import { AWS_FUNCTIONS } from '../../../infra/aws/stack/functions.ts';
import { builtBundles } from '../../support/aws/built-bundles.ts';
import { START_BUDGETS } from '../../support/aws/bundle-budgets.ts';

const NAMES = AWS_FUNCTIONS.map(({ name }) => name);
/** Who copies from and to AWS alone loads none of them. */
const VENDORS =
  /@azure|@google-cloud|google-auth|google-gax|@kubernetes|client-ecr|credential-provider(?!-node|-env)|hash-wasm/;

describe('the bundle of', () => {
  const sizes = new Map<string, BundleSize>();
  const sizeOf = (name: string): BundleSize => sizes.get(name)!;
  const kib = (bytes: number) => Math.round(bytes / 1024);

  beforeAll(async () => {
    const folder = await builtBundles();
    for (const name of NAMES) {
      const metafile: Metafile = JSON.parse(readFileSync(path.join(folder, `${name}.meta.json`), 'utf8'));
      sizes.set(name, bundleSize(metafile));
    }
    const rows = NAMES.map((name) => {
      const { startBytes, lazyBytes } = sizeOf(name);
      return `${name.padEnd(20)} ${kib(startBytes)} of ${kib(START_BUDGETS[name])} KiB at the start, ${kib(lazyBytes)} KiB when needed`;
    });
    process.stdout.write(`${rows.join('\n')}\n`);
    // a first build on two busy cores
  }, 300_000);

  it.each(NAMES)('%s stays within its budget', (name) => {
    const { startBytes, heaviest } = sizeOf(name);
    const parts = heaviest.slice(0, 8).map(({ part, bytes }) => `${kib(bytes)} ${part}`);
    expect(startBytes, `the heaviest, in KiB: ${parts.join(', ')}`).toBeLessThanOrEqual(START_BUDGETS[name]);
  });

  it.each(NAMES)('%s loads the libraries of vendors only when it needs them', (name) => {
    expect(sizeOf(name).heaviest.filter(({ part }) => VENDORS.test(part))).toEqual([]);
  });

  it('registry-push has at most a megabyte: a sender waits for it', () => {
    expect(sizeOf('registry-push').startBytes).toBeLessThanOrEqual(1_000_000);
  });
});
