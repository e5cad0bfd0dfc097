// How a server ends and starts again: in order when it is asked to, with what it did not finish left for the next one.
import { readdirSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { plantImage } from '../../support/planted-image.ts';
import { startProcess } from '../../support/child-processes.ts';
import {
  mirrorConfig,
  notification,
  notify,
  serveBed,
  serveEnvironment,
  startServe,
  until,
} from '../../support/serve-process.ts';

const LAUNCHER = path.resolve(import.meta.dirname, '../../../infra/cli/launcher.js');
const NOWHERE = mirrorConfig('127.0.0.1:9', ['127.0.0.1:10']);

it('ends at once when nothing runs, and leaves nothing behind but its data', async () => {
  await using bed = await serveBed();
  bed.write(NOWHERE);
  await using serve = await startServe(bed);
  const startedAt = Date.now();
  expect(await serve.end('SIGTERM')).toBe(0);
  expect(Date.now() - startedAt).toBeLessThan(2000);
  expect(readdirSync(path.join(bed.folder, 'data')).sort()).toEqual(['ballast', 'jobs.sqlite', 'master-key']);
  expect(serve.log.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['listening', 'stopping', 'stopped']));
});

it('gives a running copy back at SIGTERM, and the next one finishes it', async () => {
  await using bed = await serveBed();
  await using source = await startRegistry();
  await using target = await startRegistry();
  bed.write(mirrorConfig(source.host, [target.host]));
  const { digest } = await plantImage(source, 't/app', { tag: 'v1', layerSizes: [1000, 3_000_000] });
  const hold = { match: { method: 'GET', path: /\/blobs\// }, action: { stallMs: 60_000, afterBytes: 500_000 } };
  source.faults.push(hold);
  await using serve = await startServe(bed);
  const place = { host: source.host, repository: 't/app', tag: 'v1', digest };
  expect((await notify(serve.url, notification(place)))?.status).toBe(202);
  await until(() => source.requests.some(({ path: asked }) => asked.includes('/blobs/')));

  const askedAt = Date.now();
  expect(await serve.end('SIGTERM')).toBe(0);
  expect(Date.now() - askedAt).toBeLessThan(10_000);
  expect(target.catalog.get('m/app')?.tags.size ?? 0).toBe(0);

  source.faults.splice(0);
  await serve.start();
  await until(() => target.catalog.get('m/app')?.tags.get('v1') === digest);
  const { body } = await serve.api('/v1/jobs');
  // what was stopped on purpose is no failed try
  await until(async () => JSON.stringify((await serve.api('/v1/jobs')).body).includes('"DONE"'));
  expect(body).toMatchObject({ items: [{ attempts: 1 }] });
});

it('ends at once at a second signal', async () => {
  await using bed = await serveBed();
  await using source = await startRegistry();
  bed.write(mirrorConfig(source.host, ['127.0.0.1:10']));
  const { digest } = await plantImage(source, 't/app', { tag: 'v1' });
  source.faults.push({ match: { method: 'GET' }, action: { delayMs: 60_000 } });
  await using serve = await startServe(bed);
  await notify(serve.url, notification({ host: source.host, repository: 't/app', tag: 'v1', digest }));
  await until(() => source.requests.length > 0 || serve.log.some(({ msg }) => msg === 'push accepted'));
  serve.running().process.kill('SIGINT');
  await serve.line('stopping');
  expect(await serve.end('SIGINT')).toBe(130);
});

it('opens its admin socket to its owner alone, also where a killed one left one behind', async () => {
  await using bed = await serveBed();
  bed.write(NOWHERE);
  await using serve = await startServe(bed);
  expect(statSync(serve.socketPath).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(serve.socketPath)).mode & 0o777).toBe(0o700);
  expect(await serve.api('/v1/jobs')).toMatchObject({ status: 200, body: { items: [] } });
  // the same question from the network needs a token
  expect((await fetch(`${serve.url}/v1/jobs`)).status).toBe(401);

  await serve.end('SIGKILL');
  expect(statSync(serve.socketPath).isSocket()).toBe(true);
  await serve.start();
  expect(await serve.api('/v1/jobs')).toMatchObject({ status: 200 });
});

it('puts the admin socket elsewhere when the data folder has too long a name', async () => {
  await using bed = await serveBed();
  const runtime = path.join(bed.folder, 'run');
  bed.write({ ...NOWHERE, dataDir: `./${'long-name/'.repeat(12)}` });
  symlinkSync(bed.folder, runtime);
  const running = startProcess(process.execPath, [LAUNCHER, 'serve', '-c', bed.configFile], {
    env: { ...serveEnvironment(bed.folder), XDG_RUNTIME_DIR: runtime },
  });
  await until(() => readdirSync(bed.folder).includes('transship') && readdirSync(path.join(runtime, 'transship'))[0]);
  const [name = ''] = readdirSync(path.join(runtime, 'transship'));
  expect(name).toMatch(/^[0-9a-f]{16}\.sock$/);
  expect(statSync(path.join(runtime, 'transship')).mode & 0o777).toBe(0o700);
  await running.end('SIGTERM');
});

it('is refused where another one owns the data folder, and the one that runs goes on', async () => {
  await using bed = await serveBed();
  bed.write(NOWHERE);
  await using serve = await startServe(bed);
  const second = startProcess(process.execPath, [LAUNCHER, 'serve', '-c', bed.configFile], {
    env: serveEnvironment(bed.folder),
  });
  await until(() => second.hasEnded());
  expect(second.process.exitCode).toBe(1);
  expect(second.lastWords()).toContain(`another process owns the data folder ${path.join(bed.folder, 'data')}`);
  expect(second.lastWords()).toContain('hint: ');
  expect(await serve.api('/readyz')).toMatchObject({ status: 200 });
});

it('says that somebody else listens where it should', async () => {
  await using bed = await serveBed();
  await using other = await startRegistry();
  bed.write({ ...NOWHERE, api: { listen: other.host } });
  const running = startProcess(process.execPath, [LAUNCHER, 'serve', '-c', bed.configFile], {
    env: serveEnvironment(bed.folder),
  });
  await until(() => running.hasEnded());
  expect(running.process.exitCode).toBe(2);
  expect(running.lastWords()).toContain(`cannot listen on ${other.host}: another program listens there`);
});
