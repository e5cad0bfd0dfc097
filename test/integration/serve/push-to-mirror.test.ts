// A real registry's own webhook: what skopeo pushes into it is in both targets within seconds, and makes one job.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { plantRealImage } from '../../support/real-image.ts';
import { requireComponent } from '../../support/require-component.ts';
import { HOOK, mirrorConfig, serveBed, startServe, until } from '../../support/serve-process.ts';
import { startServer } from '../../support/servers.ts';

const run = promisify(execFile);

it('is in both targets within 3 s of the push, by one job', async () => {
  const [program, skopeo] = [requireComponent('docker-registry'), requireComponent('skopeo')];
  await using bed = await serveBed();
  const endpoint = {
    name: 'transship',
    url: `http://127.0.0.1:${bed.port}/hooks/distribution/src`,
    headers: { Authorization: [HOOK] },
    timeout: '2s',
    threshold: 3,
    backoff: '1s',
  };
  await using source = await startServer({ program, configuration: { notifications: { endpoints: [endpoint] } } });
  await using one = await startServer({ program });
  await using other = await startServer({ program });
  bed.write(mirrorConfig(source.host, [one.host, other.host]));
  await using serve = await startServe(bed);
  await using built = await startRegistry();
  const tags = ['v1', 'v2', 'v3', 'v4', 'v5'];
  const tookMs: number[] = [];

  for (const tag of tags) {
    // gzipped layers, else skopeo makes others of them
    const layers = ['one', 'two', 'three', 'four', tag];
    const { digest } = await plantRealImage({ registry: built, repository: 'build/app' }, { tag, layers });
    const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
    await run(skopeo, [
      'copy',
      '-q',
      ...insecure,
      `docker://${built.host}/build/app:${tag}`,
      `docker://${source.host}/t/app:${tag}`,
    ]);
    const pushedAt = Date.now();
    await until(async () => (await digestAt(one.url, tag)) === digest && (await digestAt(other.url, tag)) === digest);
    tookMs.push(Date.now() - pushedAt);
  }

  expect(Math.max(...tookMs)).toBeLessThan(3000);
  const jobs = async () => (await serve.api('/v1/jobs?limit=100')).body;
  // the last one has written its tags and says so a moment later
  await until(async () => !/"(READY|LEASED)"/.test(JSON.stringify(await jobs())));
  expect(await jobs()).toMatchObject({ items: tags.map(() => ({ state: 'DONE', kind: 'mirror' })) });
});

async function digestAt(url: string, tag: string): Promise<string | null> {
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const response = await fetch(`${url}/v2/m/app/manifests/${tag}`, { method: 'HEAD', headers: { accept } });
  return response.headers.get('docker-content-digest');
}
