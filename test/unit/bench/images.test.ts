// The bench's images in a server's data folder: what is planted can be recognised, and half a copy is not a copy.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assertArrived, emptyStore } from '../../bench/arrived-image.ts';
import { plantImage } from '../../bench/plant-image.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'transship-bench-test-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BASE = { name: 'base', sizeBytes: 5000 };
const TWO_PLATFORMS = {
  amd64: [BASE, { name: 'a', sizeBytes: 20 }],
  arm64: [BASE, { name: 'b', sizeBytes: 2_000_000 }],
};

it('plants a shared layer once and names every blob by its digest', () => {
  const { digest, blobs } = plantImage(folder, 'bench/x', '1', TWO_PLATFORMS);
  expect(blobs).toHaveLength(5);
  const files = globSync('docker/registry/v2/blobs/sha256/*/*/data', { cwd: folder });
  // the blobs, two manifests and the index
  expect(files).toHaveLength(8);
  for (const file of files) {
    const hex = createHash('sha256')
      .update(readFileSync(path.join(folder, file)))
      .digest('hex');
    expect(file).toContain(`/${hex.slice(0, 2)}/${hex}/data`);
  }
  const index: unknown = JSON.parse(readFileSync(dataFile(digest), 'utf8'));
  expect(index).toMatchObject({
    manifests: [{ platform: { architecture: 'amd64' } }, { platform: { architecture: 'arm64' } }],
  });
});

it('plants one platform as a plain manifest with layers of the size asked for', () => {
  const { digest } = plantImage(folder, 'bench/x', '1', { amd64: TWO_PLATFORMS.arm64 });
  const manifest: unknown = JSON.parse(readFileSync(dataFile(digest), 'utf8'));
  expect(manifest).toMatchObject({ layers: [{ size: 5000 }, { size: 2_000_000 }] });
});

it('knows a whole copy from one without a tag or a blob', () => {
  const planted = plantImage(folder, 'bench/x', '1', TWO_PLATFORMS);
  const target = path.join(folder, 'target');
  const arrived = () => assertArrived(target, 'bench/x', '1', planted);
  expect(arrived).toThrow('bench/x:1 is nothing, not sha256:');
  cpSync(path.join(folder, 'docker'), path.join(target, 'docker'), { recursive: true });
  expect(arrived).not.toThrow();
  const [blob = ''] = planted.blobs;
  rmSync(path.join(target, 'docker/registry/v2/repositories/bench/x/_layers', blob.replace(':', '/')), {
    recursive: true,
  });
  expect(arrived).toThrow(`bench/x has not got blob ${blob}`);
});

it('empties a server, also one that has nothing', () => {
  plantImage(folder, 'bench/x', '1', TWO_PLATFORMS);
  emptyStore(folder);
  expect(existsSync(path.join(folder, 'docker/registry/v2'))).toBe(false);
  expect(() => emptyStore(folder)).not.toThrow();
});

function dataFile(digest: string): string {
  const hex = digest.replace('sha256:', '');
  return path.join(folder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}
