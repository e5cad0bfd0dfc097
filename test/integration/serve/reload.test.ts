// A changed configuration is taken over while the server runs: whoever changes the file, however; a wrong one changes nothing.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { createAuthority } from '../../support/certificates.ts';
import { mirrorConfig, serveBed, startServe, until, type ServeProcess } from '../../support/serve-process.ts';

const SOURCE = '127.0.0.1:9';
const config = (rule: string) => {
  const base = mirrorConfig(SOURCE, ['127.0.0.1:10']);
  return {
    ...base,
    mirrors: [{ name: rule, from: `${SOURCE}/t/app`, to: ['127.0.0.1:10/m/{name}'], schedule: 'off' }],
  };
};

async function ruleNames(serve: ServeProcess): Promise<string> {
  return JSON.stringify((await serve.api('/v1/rules')).body);
}

async function takesOver(serve: ServeProcess, rule: string): Promise<void> {
  await until(async () => (await ruleNames(serve)).includes(`"${rule}"`));
}

it('takes over what an editor writes, in place or as a new file under the old name', async () => {
  await using bed = await serveBed();
  bed.write(config('first'));
  await using serve = await startServe(bed);
  expect(await ruleNames(serve)).toContain('"first"');

  bed.write(config('second'));
  await takesOver(serve, 'second');
  expect(await ruleNames(serve)).not.toContain('"first"');

  const text = readFileSync(bed.configFile, 'utf8').replaceAll('"second"', '"third"');
  writeFileSync(`${bed.configFile}.new`, text);
  renameSync(`${bed.configFile}.new`, bed.configFile);
  await takesOver(serve, 'third');
});

it('keeps what holds when the new one is wrong, says where, and takes it over when it is mended', async () => {
  await using bed = await serveBed();
  bed.write(config('first'));
  await using serve = await startServe(bed);
  writeFileSync(bed.configFile, 'version: 1\nmirors: []\n');
  const line = await serve.line('the configuration was not loaded: the one before still holds');
  expect(line).toMatchObject({ level: 'error' });
  expect(line['reason']).toContain(`${bed.configFile}:2:1:`);
  expect(await ruleNames(serve)).toContain('"first"');
  expect(await serve.api('/readyz')).toMatchObject({ status: 200 });

  const known = serve.log.length;
  bed.write({ ...config('unset'), receivers: [{ ...receiver(), auth: header('NOT_SET') }] });
  expect(await serve.line('the configuration was not loaded: the one before still holds', known)).toMatchObject({
    err: { message: expect.stringContaining('NOT_SET') },
  });
  bed.write(config('mended'));
  await takesOver(serve, 'mended');
});

it('takes it over at SIGHUP, also where nothing tells of the change', async () => {
  await using bed = await serveBed();
  bed.write(config('first'));
  await using serve = await startServe(bed);
  const known = serve.log.length;
  serve.running().process.kill('SIGHUP');
  expect(await serve.line('configuration loaded', known)).toMatchObject({ rules: 1, receivers: 1 });
  expect(serve.running().hasEnded()).toBe(false);
});

it('takes over what Kubernetes mounts anew', async () => {
  await using bed = await serveBed();
  bed.write(config('first'));
  const mounted = path.join(bed.folder, 'mounted');
  const version = (name: string, text: string) => {
    mkdirSync(path.join(mounted, name), { recursive: true });
    writeFileSync(path.join(mounted, name, 'transship.yaml'), text);
  };
  const text = readFileSync(bed.configFile, 'utf8').replace('./data', path.join(bed.folder, 'data'));
  version('..one', text);
  symlinkSync('..one', path.join(mounted, '..data'));
  symlinkSync('..data/transship.yaml', path.join(mounted, 'transship.yaml'));
  await using serve = await startServe({ ...bed, configFile: path.join(mounted, 'transship.yaml') });

  version('..two', text.replaceAll('"first"', '"second"'));
  symlinkSync('..two', path.join(mounted, '..data-next'));
  renameSync(path.join(mounted, '..data-next'), path.join(mounted, '..data'));
  await takesOver(serve, 'second');
  expect(await ruleNames(serve)).not.toContain('"first"');
});

it('says which changes need a restart, and takes over the others', async () => {
  await using bed = await serveBed();
  bed.write(config('first'));
  await using serve = await startServe(bed);
  bed.write({ ...config('second'), api: { listen: '127.0.0.1:1' }, dataDir: './elsewhere', instance: 'other' });
  await takesOver(serve, 'second');
  await until(() => serve.log.filter(({ msg }) => msg === 'this change needs a restart').length === 3);
  const keys = serve.log.filter(({ msg }) => msg === 'this change needs a restart').map(({ key }) => key);
  expect(keys).toEqual(['dataDir', 'instance', 'api.listen']);
});

it('serves TLS, and a renewed certificate without a restart', async () => {
  await using bed = await serveBed();
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-authority-'));
  const authority = createAuthority(folder);
  const install = (name: string) => {
    const { certificateFile, keyFile } = authority.issue(name);
    for (const [from, to] of [
      [keyFile, 'key.pem'],
      [certificateFile, 'certificate.pem'],
    ] as const) {
      writeFileSync(path.join(bed.folder, `${to}.new`), readFileSync(from));
      renameSync(path.join(bed.folder, `${to}.new`), path.join(bed.folder, to));
    }
  };
  install('old');
  const tls = { certificate: { file: './certificate.pem' }, key: { file: './key.pem' } };
  bed.write({ ...config('first'), api: { listen: `127.0.0.1:${bed.port}`, tls } });
  await using serve = await startServe(bed, { scheme: 'https' });
  expect(await subjectAt(bed.port, authority.ca)).toBe('old');

  install('new');
  await until(async () => (await subjectAt(bed.port, authority.ca)) === 'new');
  expect(serve.url).toMatch(/^https:/);
  rmSync(folder, { recursive: true });
});

it('connects to a registry with what its certificate file holds now', async () => {
  await using bed = await serveBed();
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-authority-'));
  const authority = createAuthority(folder);
  const { certificateFile, keyFile } = authority.issue('registry');
  const tls = { certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  await using registry = await startRegistry({ tls });
  const caFile = path.join(bed.folder, 'ca.pem');
  // another one's, and a real one: its form is not what is wrong with it
  const other = mkdtempSync(path.join(tmpdir(), 'transship-authority-'));
  writeFileSync(caFile, createAuthority(other, 'Somebody else').ca);
  bed.write({ ...config('first'), registries: { [registry.host]: { ca: { file: './ca.pem' } } } });
  await using serve = await startServe(bed);
  const order = { source: `${registry.host}/t/app:1`, targets: [`${registry.host}/t/app:2`], dryRun: true };
  const plan = async () => JSON.stringify((await serve.api('/v1/mirrors', 'POST', order)).body);
  expect(await plan()).toContain('tls-failed');

  writeFileSync(caFile, authority.ca);
  await until(async () => !(await plan()).includes('tls-failed'));
  expect(await plan()).toContain('not-found');
  for (const one of [folder, other]) rmSync(one, { recursive: true });
});

it('keeps believing its proxy, and listening, when a new configuration has another listener', async () => {
  await using bed = await serveBed();
  const listen = `0.0.0.0:${bed.port}`;
  bed.write({ ...config('first'), api: { listen, trustProxy: true } });
  await using serve = await startServe(bed);
  bed.write({ ...config('second'), api: { listen: '127.0.0.1:1' } });
  await takesOver(serve, 'second');
  await until(() => serve.log.some(({ key }) => key === 'api.trustProxy'));
  // who comes through the proxy is nobody of this machine
  expect((await fetch(`${serve.url}/metrics`)).status).toBe(401);
});

/** The subject of the certificate that a server shows. */
async function subjectAt(port: number, ca: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect({ port, host: '127.0.0.1', ca }, () => {
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    resolve(typeof CN === 'string' ? CN : CN?.[0]);
  });
  socket.on('error', reject);
  return promise;
}

function header(env: string): Record<string, unknown> {
  return { mode: 'header', name: 'authorization', secrets: [{ env }] };
}

function receiver(): Record<string, unknown> {
  return { id: 'src', kind: 'distribution', registry: SOURCE, auth: header('HOOK') };
}
