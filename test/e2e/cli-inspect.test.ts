// `transship inspect` and `transship tags` against an in-process registry: what people see, what machines get.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../infra/cli/main.ts';
import { startRegistry, type RunningRegistry } from '../../infra/demo/registry.ts';
import { captureIo } from '../support/captured-io.ts';
import { plantManyfold } from '../support/manyfold-index.ts';
import { plantImage, plantIndex, type PlantedIndex } from '../support/planted-image.ts';

let registry: RunningRegistry;
let index: PlantedIndex;

beforeAll(async () => {
  registry = await startRegistry();
  index = await plantIndex(registry, 'team/app', '1.0');
  for (const tag of ['v1.10', 'v1.9', 'latest', 'v1.9-rc1']) {
    await plantImage(registry, 'team/tags', { tag, layerSizes: [tag.length * 10] });
  }
});

afterAll(() => registry.stop());

async function run(...words: string[]) {
  const io = captureIo();
  const exitCode = await main(words, io);
  return { exitCode, stdout: io.stdout.text(), bytes: io.stdout.bytes(), stderr: io.stderr.text() };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('inspect', () => {
  test('shows platforms, layers, attestation, referrer and signature as a tree', async () => {
    const { exitCode, stdout, stderr } = await run('inspect', `${registry.host}/team/app:1.0`);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const tree = stdout.split('\n');
    expect(tree[0]).toBe(`${registry.host}/team/app:1.0`);
    expect(tree[1]).toBe(`index ${index.digest} application/vnd.oci.image.index.v1+json · 2 entries`);
    expect(tree).toContain('├─ org.opencontainers.image.version: 1.0\\u{1b}[31m');
    expect(stdout).toContain(
      `├─ linux/amd64 ${index.amd64} application/vnd.oci.image.manifest.v1+json · 2 layers · 3.0 KiB`,
    );
    expect(tree).toContain(`│  └─ attestation ${index.attestation} https://spdx.dev/Document`);
    expect(stdout).toContain(`├─ linux/arm64/v8 ${index.arm64}`);
    expect(stdout).toMatch(new RegExp(`├─ referrer ${index.sbom} application/spdx\\+json \\d+ B`));
    expect(tree).toContain(`└─ cosign sig ${index.signature}`);
    expect(tree.at(-2)).toMatch(/^4 manifests, \d+ blobs, [\d.]+ KiB$/);
  });

  test('gives the same as data', async () => {
    const { stdout } = await run('inspect', '--json', `${registry.host}/team/app:1.0`);
    const [report, ...rest] = lines(stdout);
    expect(rest).toEqual([]);
    expect(report).toMatchObject({
      type: 'report',
      reference: `${registry.host}/team/app:1.0`,
      digest: index.digest,
      root: {
        kind: 'index',
        manifests: [
          {
            kind: 'image',
            digest: index.amd64,
            platform: { architecture: 'amd64' },
            attestations: [{ digest: index.attestation }],
          },
          { kind: 'image', digest: index.arm64 },
        ],
        referrers: [{ digest: index.sbom, artifactType: 'application/spdx+json' }],
        digestTags: [{ digest: index.signature }],
      },
      totals: { manifests: 4 },
    });
  });

  test('tells the platform of an image that no index names', async () => {
    const { stdout } = await run('inspect', `${registry.host}/team/app@${index.arm64}`);
    expect(stdout).toContain(`linux/arm64 ${index.arm64}`);
  });

  test('prints the exact bytes with --raw', async () => {
    const { bytes } = await run('inspect', '--raw', `${registry.host}/team/app:1.0`);
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(index.digest);
  });

  test('asks for no referrers with --no-referrers', async () => {
    registry.requests.length = 0;
    const { stdout } = await run('inspect', '--no-referrers', `${registry.host}/team/app:1.0`);
    expect(stdout).not.toContain('referrer');
    expect(registry.requests.filter(({ path }) => /referrers|\.sig/.test(path))).toEqual([]);
  });

  test('says which child an incomplete index lacks', async () => {
    const child = `sha256:${'e'.repeat(64)}`;
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const entry = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: child,
      size: 5,
      platform: { os: 'linux', architecture: 's390x' },
    };
    await registry.plantManifest(
      'team/sparse',
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry] })),
      { mediaType, tags: ['1'] },
    );
    const { exitCode, stdout } = await run('inspect', `${registry.host}/team/sparse:1`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`linux/s390x ${child} .*not in this repository`));
  });

  test('names what does not exist, with exit code 1', async () => {
    const { exitCode, stdout, stderr } = await run('inspect', `${registry.host}/team/app:none`);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^transship: .*team\/app:none does not exist\nhint: .*transship tags/);
  });

  test.each([[[]], [['--json']], [['--no-referrers']]])(
    'refuses small indexes that stand for billions of entries: %j',
    async (flags) => {
      await plantManyfold(registry, 'team/many', '1');
      registry.requests.length = 0;
      const { exitCode, stdout, stderr } = await run('inspect', ...flags, `${registry.host}/team/many:1`);
      expect(exitCode).toBe(1);
      expect(stdout).not.toContain('"root"');
      expect(stderr + stdout).toMatch(/team\/many: the manifest cannot be shown: it stands for more than 2000 entries/);
      expect(registry.requests.length).toBeLessThan(30);
    },
  );

  test('refuses an image of many layers that is named again and again', async () => {
    const image = await plantImage(registry, 'team/tall', { layerSizes: Array.from({ length: 50 }, () => 10) });
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const plant = (times: number, tag: string) => {
      const manifests = Array.from({ length: times }, () => image);
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
      return registry.plantManifest('team/tall', bytes, { mediaType, tags: [tag] });
    };
    await plant(300, 'fair');
    await plant(500, 'tall');
    expect((await run('inspect', `${registry.host}/team/tall:fair`)).exitCode).toBe(0);
    const { exitCode, stderr } = await run('inspect', `${registry.host}/team/tall:tall`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^transship: .*it would fill more than 20000 lines\nhint: .*--raw/);
  });

  test('reads a manifest once that is named twice', async () => {
    const image = await plantImage(registry, 'team/twice');
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const entry = (architecture: string) => ({ ...image, platform: { os: 'linux', architecture } });
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType, manifests: [entry('amd64'), entry('arm64')] }),
    );
    await registry.plantManifest('team/twice', bytes, { mediaType, tags: ['1'] });
    registry.requests.length = 0;
    const { exitCode, stdout } = await run('inspect', `${registry.host}/team/twice:1`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`linux/amd64 ${image.digest}[^]*linux/arm64 ${image.digest}`));
    const reads = registry.requests.filter(({ path }) => path.includes(image.digest));
    expect(reads.map(({ method, path }) => `${method} ${path.split('/').at(-2)}`).toSorted()).toEqual([
      'GET manifests',
      'GET referrers',
    ]);
  });

  test('prints nothing but errors with --quiet', async () => {
    expect(await run('inspect', '--quiet', `${registry.host}/team/app:1.0`)).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe('tags', () => {
  test('sorts numbers by value', async () => {
    const { exitCode, stdout } = await run('tags', `${registry.host}/team/tags`);
    expect(exitCode).toBe(0);
    expect(stdout).toBe('latest\nv1.9\nv1.9-rc1\nv1.10\n');
  });

  test('asks for digests only when they are wanted', async () => {
    registry.requests.length = 0;
    await run('tags', `${registry.host}/team/tags`);
    expect(registry.requests.filter(({ path }) => path.includes('/manifests/'))).toEqual([]);
    const { stdout } = await run('tags', '--digests', `${registry.host}/team/tags`);
    expect(stdout).toMatch(/^latest {4}sha256:[0-9a-f]{64}\nv1\.9 {6}sha256:/);
  });

  test('gives a line per tag, then the report, as data', async () => {
    const { stdout } = await run('tags', '--digests', '--json', `${registry.host}/team/tags`);
    const values = lines(stdout);
    expect(values).toHaveLength(5);
    expect(values[0]).toEqual({ type: 'tag', name: 'latest', digest: expect.stringMatching(/^sha256:/) });
    expect(values.at(-1)).toEqual({ type: 'report', repository: `${registry.host}/team/tags`, tags: 4, failed: 0 });
  });

  test('keeps the rest when one tag can not be looked up, with exit code 3', async () => {
    registry.faults.push({ match: { method: 'HEAD', path: /manifests\/v1\.9$/ }, action: { status: 403 } });
    const { exitCode, stdout, stderr } = await run('tags', '--digests', `${registry.host}/team/tags`);
    registry.faults.length = 0;
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^v1\.9 +-$/m);
    expect(stderr).toMatch(/^transship: .*\nhint: /);
  });

  test('a repository without tags is an error with exit code 1', async () => {
    const { exitCode, stderr } = await run('tags', `${registry.host}/team/none`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^transship: .*team\/none has no tags, or does not exist\nhint: check the spelling/);
  });

  test('stops quietly when nobody reads its output any more', async () => {
    const io = captureIo();
    io.closeStdout();
    expect(await main(['tags', `${registry.host}/team/tags`], io)).toBe(0);
    expect(io.stderr.text()).toBe('');
  });
});

test('a registry that does not answer is named, with exit code 1', async () => {
  const { exitCode, stderr } = await run('tags', '127.0.0.1:1/team/app');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^transship: .*127\.0\.0\.1:1.*\nhint: /);
});
