// Somebody comes from regsync: the imported configuration brings the same tags to the same places as regsync itself.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../infra/cli/main.ts';
import { startRegistry, type RunningRegistry } from '../../infra/demo/registry.ts';
import { captureIo } from '../support/captured-io.ts';
import { plantSimpleImage } from '../support/planted-content.ts';
import { requireComponent } from '../support/require-component.ts';

const run = promisify(execFile);

const TAGS = (
  'latest edge stable 3 3.9 3.18 3.19.1 3.20 3.20-rc1 2.7 03.1 3.x x3.9 ' +
  'v1.0.0 v1.2.3 1.2.4 1.3.0-beta.1 1.10.0 2.0.0 20250101 latest-debug release_1'
).split(' ');

let folder: string;
let source: RunningRegistry;
let theirs: RunningRegistry;
let ours: RunningRegistry;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-regsync-'));
  [source, theirs, ours] = await Promise.all([startRegistry(), startRegistry(), startRegistry()]);
  for (const repository of ['library/alpine', 'library/busybox', 'team/web', 'team/api', 'team/deep/db']) {
    for (const tag of TAGS) {
      // Some tags name one image.
      const layers = [repository, tag.startsWith('3.') ? 'three' : tag];
      await plantSimpleImage({ registry: source, repository }, { tag, layers });
    }
  }
});

afterAll(async () => {
  await Promise.all([source, theirs, ours].map((registry) => registry.stop()));
  rmSync(folder, { recursive: true });
});

/** After the examples of https://regclient.org/usage/regsync/ and what its tags can say. */
const configuration = (target: string) => `version: 1
creds:
  - registry: ${source.host}
    tls: disabled
  - registry: ${target}
    tls: disabled
defaults:
  interval: 60m
  parallel: 2
sync:
  - source: ${source.host}/library/busybox:latest
    target: ${target}/library/busybox:latest
    type: image
  - source: ${source.host}/library/busybox:stable
    target: ${target}/renamed/busybox:prod
    type: image
  - source: ${source.host}/library/alpine
    target: ${target}/library/alpine
    type: repository
    tags:
      allow: ["latest", "edge", "3", "3\\\\.\\\\d+"]
  - source: ${source.host}/library/alpine
    target: ${target}/denied/alpine
    type: repository
    tags:
      deny: [".*-rc\\\\d+", "latest.*", "x.*"]
  - source: ${source.host}/library/alpine
    target: ${target}/versions/alpine
    type: repository
    tags:
      semverRange: [">=1.2.0 <2.0.0"]
  - source: ${source.host}/library/alpine
    target: ${target}/sets/alpine
    type: repository
    tagSets:
      - allow: ["edge"]
      - semverRange: [">=3.18"]
        deny: ["3\\\\.2\\\\d.*"]
  - source: ${source.host}/team/web
    target: ${target}/all/web
    type: repository
`;

const contentOf = (registry: RunningRegistry) =>
  Object.fromEntries([...registry.catalog].map(([name, { tags }]) => [name, Object.fromEntries(tags)]));

test('the same tags of the same digests', async () => {
  const regsync = requireComponent('regsync');
  const file = path.join(folder, 'regsync.yml');
  writeFileSync(file, configuration(theirs.host));
  const env = { ...process.env, REGCTL_CONFIG: path.join(folder, 'regctl.json'), HOME: folder };
  await run(regsync, ['once', '-c', file], { env });

  const imported = path.join(folder, 'transship.yaml');
  writeFileSync(path.join(folder, 'ours.yml'), configuration(ours.host));
  const importing = captureIo();
  expect(await main(['config', 'import', 'regsync', path.join(folder, 'ours.yml')], importing)).toBe(0);
  writeFileSync(imported, importing.stdout.text());
  const syncing = captureIo({ env: { XDG_STATE_HOME: folder } });
  expect([await main(['sync', '--quiet', '-c', imported], syncing), syncing.stderr.text()]).toEqual([0, '']);

  expect(Object.keys(contentOf(theirs)).length).toBeGreaterThan(5);
  expect(contentOf(ours)).toEqual(contentOf(theirs));
});
