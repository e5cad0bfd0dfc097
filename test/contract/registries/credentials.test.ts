// Each form of credential logs in; rotated files are picked up; and no login leaves the origin of its registry, under whatever name.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { BasicAuth, TokenAuth } from '../../../infra/demo/registry/options.ts';
import { listTags } from '../../../shared/oci/tags.ts';
import { readBlob } from '../../../shared/oci/blobs.ts';
import type { Registries } from '../../../shared/registries/registries.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { registriesOf } from '../../support/registries-of.ts';

const USERS = { alice: 'alice-password', bob: 'bob-password' };
const open: (() => Promise<void>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'transship-credentials-'));
  open.push(() => rm(folder, { recursive: true }));
});
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function registry(auth: BasicAuth | TokenAuth = { kind: 'token', users: USERS }): Promise<RunningRegistry> {
  const started = await startRegistry({ auth, recordHeaders: true });
  open.push(() => started.stop());
  await plantSimpleImage({ registry: started, repository: 'app' }, { tag: 'v1', layers: ['a'] });
  return started;
}

function registries(entries: string, options: Parameters<typeof registriesOf>[1] = {}): Registries {
  const opened = registriesOf(entries, { homeDir: folder, ...options });
  open.push(() => opened.close());
  return opened;
}

async function tagsAt(opened: Registries, host: string): Promise<string[]> {
  const tags: string[] = [];
  for await (const page of listTags({ registry: opened.client(host), name: 'app' })) tags.push(...page);
  return tags;
}

/** Who logged in, in order, each as often as the login changed. */
function usersAt({ exchanges }: RunningRegistry): string[] {
  const basics = exchanges.flatMap(({ headers }) => {
    const [, encoded] = /^Basic (.*)$/.exec(headers['authorization'] ?? '') ?? [];
    return encoded === undefined ? [] : [Buffer.from(encoded, 'base64').toString()];
  });
  return basics.filter((one, index) => one !== basics[index - 1]);
}

const auths = (host: string, login: string) =>
  JSON.stringify({ auths: { [host]: { auth: Buffer.from(login).toString('base64') } } });

describe('forms', () => {
  test('user name and password, as text and by reference', async () => {
    const started = await registry();
    await writeFile(path.join(folder, 'password'), 'alice-password\n');
    const text = registries(`"${started.host}": { credential: { username: alice, password: { file: password } } }`);
    expect(await tagsAt(text, started.host)).toEqual(['v1']);
    const env = { HUB_USER: 'bob', HUB_TOKEN: 'bob-password' };
    const references = `"${started.host}": { credential: { username: { env: HUB_USER }, password: { env: HUB_TOKEN } } }`;
    expect(await tagsAt(registries(references, { env }), started.host)).toEqual(['v1']);
    expect(usersAt(started)).toEqual(['alice:alice-password', 'bob:bob-password']);
  });

  test('a secret that cannot be read is told when its registry asks for a login, not before', async () => {
    const [closed, free] = [await registry(), await registry({ kind: 'basic', users: USERS, anonymousPull: true })];
    const login = 'credential: { username: alice, password: { env: UNSET } }';
    const opened = registries(`
"${closed.host}": { ${login} }
"${free.host}": { ${login} }`);
    expect(await tagsAt(opened, free.host)).toEqual(['v1']);
    await expect(tagsAt(opened, closed.host)).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('UNSET is not set'),
    });
  });

  test('no login at all, although the files of Docker have one', async () => {
    const started = await registry();
    await writeFile(path.join(folder, 'config.json'), auths(started.host, 'alice:alice-password'));
    const env = { DOCKER_CONFIG: folder };
    expect(await tagsAt(registries(`"${started.host}": {}`, { env }), started.host)).toEqual(['v1']);
    const none = registries(`"${started.host}": { credential: anonymous }`, { env });
    await expect(tagsAt(none, started.host)).rejects.toMatchObject({
      code: 'unauthorized',
      hint: `the entry registries: ${started.host} of the configuration says that there is no login: give it a credential`,
    });
  });

  test('a file of Docker in place of the usual ones', async () => {
    const started = await registry();
    await writeFile(path.join(folder, 'other.json'), auths(started.host, 'bob:bob-password'));
    const opened = registries(`"${started.host}": { credential: { docker: { file: other.json } } }`);
    expect(await tagsAt(opened, started.host)).toEqual(['v1']);
    expect(usersAt(started)).toEqual(['bob:bob-password']);
    const missing = registries(`"${started.host}": { credential: { docker: { file: missing.json } } }`);
    await expect(tagsAt(missing, started.host)).rejects.toMatchObject({
      code: 'invalid-credential-file',
      message: expect.stringContaining('does not exist, but the configuration names it'),
    });
  });

  test('a helper program, asked by the name of the entry', async () => {
    const started = await registry();
    const program = path.join(folder, 'docker-credential-here');
    const answer = JSON.stringify({ Username: 'alice', Secret: 'alice-password' });
    const script = `#!/bin/sh\nread server\n[ "$server" = "${started.host}" ] && echo '${answer}'\n`;
    await writeFile(program, script, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const entry = `"${started.host}": { aliases: [registry.acme.io], credential: { helper: here } }`;
    expect(await tagsAt(registries(entry, { env }), 'registry.acme.io')).toEqual(['v1']);
    expect(usersAt(started)).toEqual(['alice:alice-password']);
  });

  test.each([
    ['google', 'gcloud'],
    ['azure', 'acr-env'],
  ])('%s is not offered yet: the helper is named', async (cloud, helper) => {
    const started = await registry();
    const opened = registries(`"${started.host}": { credential: { ${cloud}: {} } }`);
    await expect(tagsAt(opened, started.host)).rejects.toMatchObject({
      code: 'invalid-config',
      hint: expect.stringContaining(`helper: ${helper}`),
    });
  });

  test('an entry of a named credential file wins over the configuration; without an entry the configuration holds', async () => {
    const [one, other] = [await registry(), await registry()];
    const authfile = path.join(folder, 'named.json');
    await writeFile(authfile, auths(one.host, 'bob:bob-password'));
    const login = 'credential: { username: alice, password: { env: PASSWORD } }';
    const opened = registries(`{ "${one.host}": { ${login} }, "${other.host}": { ${login} } }`, {
      authfile,
      env: { PASSWORD: 'alice-password' },
    });
    await tagsAt(opened, one.host);
    await tagsAt(opened, other.host);
    expect([usersAt(one), usersAt(other)]).toEqual([['bob:bob-password'], ['alice:alice-password']]);
  });
});

describe('rotation', () => {
  test.each(['token', 'basic'] as const)('a password file that was rotated is read again (%s)', async (kind) => {
    const users: Record<string, string> = { alice: 'first' };
    const started = await registry({ kind, users });
    const file = path.join(folder, 'password');
    await writeFile(file, 'first');
    const opened = registries(`"${started.host}": { credential: { username: alice, password: { file: password } } }`);
    expect(await tagsAt(opened, started.host)).toEqual(['v1']);
    users['alice'] = 'second';
    started.expireTokens();
    await expect(tagsAt(opened, started.host)).rejects.toMatchObject({
      code: 'unauthorized',
      hint: expect.stringContaining(`the login in the entry registries: ${started.host} of the configuration`),
    });
    await writeFile(file, 'second');
    expect(await tagsAt(opened, started.host)).toEqual(['v1']);
    expect(usersAt(started)).toEqual(['alice:first', 'alice:second']);
  });
});

describe('a login stays at the origin of its registry', () => {
  const BLOB = { mediaType: 'application/octet-stream', digest: `sha256:${'a'.repeat(64)}`, size: 4 };

  /** Plays a registry that wants a login and redirects blobs to `elsewhere`. */
  async function redirecting(elsewhere: () => string): Promise<BareServer> {
    const started = await startBareServer((request, response) => {
      if (request.headers.authorization === undefined)
        return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return response.writeHead(307, { location: `${elsewhere()}/blob` }).end();
    });
    open.push(() => started[Symbol.asyncDispose]());
    return started;
  }

  test.each(['aliases', 'trustedHosts'])('%s get no login', async (key) => {
    const other = await startBareServer((_request, response) => response.end('blob'));
    open.push(() => other[Symbol.asyncDispose]());
    const otherHost = other.host.replace('127.0.0.1', 'localhost');
    const started = await redirecting(() => `http://${otherHost}`);
    const opened = registries(
      `"${started.host}": { plainHttp: true, ${key}: ["${otherHost}"], credential: { username: alice, password: { env: PASSWORD } } }`,
      { env: { PASSWORD: 'canary-password' } },
    );
    // by the alias too: the login is that of the entry's host, and goes nowhere else
    const names = key === 'aliases' ? [otherHost, started.host] : [started.host];
    for (const name of names) {
      let text = '';
      for await (const chunk of readBlob({ registry: opened.client(name), name: 'app' }, BLOB))
        text += Buffer.from(chunk).toString();
      expect(text).toBe('blob');
    }
    expect(started.requests.some(({ headers }) => headers.authorization?.startsWith('Basic '))).toBe(true);
    expect(other.requests.map(({ path: asked }) => asked)).toEqual(names.map(() => '/blob'));
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual(names.map(() => undefined));
  });

  test('a host that neither an alias nor trustedHosts names is refused, and the hint says what to add', async () => {
    const other = await startBareServer((_request, response) => response.end('blob'));
    open.push(() => other[Symbol.asyncDispose]());
    const otherHost = other.host.replace('127.0.0.1', 'localhost');
    const started = await redirecting(() => `http://${otherHost}`);
    const opened = registries(
      `"${started.host}": { plainHttp: true, credential: { username: alice, password: { env: PASSWORD } } }`,
      { env: { PASSWORD: 'canary-password' } },
    );
    const reading = readBlob({ registry: opened.client(started.host), name: 'app' }, BLOB).next();
    await expect(reading).rejects.toMatchObject({ code: 'egress-denied' });
    expect(other.requests).toEqual([]);
  });

  test('a realm at an alias gets the login: it is the same registry; a realm elsewhere does not', async () => {
    const realm = await startBareServer((_request, response) => response.end('{"token":"t"}'));
    open.push(() => realm[Symbol.asyncDispose]());
    const realmHost = realm.host.replace('127.0.0.1', 'localhost');
    const started = await startBareServer((request, response) =>
      request.headers.authorization === undefined
        ? response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${realmHost}/token",service="x"` }).end()
        : response.end('{"tags":["v1"]}'),
    );
    open.push(() => started[Symbol.asyncDispose]());
    const entry = (aliases: string) =>
      `"${started.host}": { plainHttp: true, ${aliases} credential: { username: alice, password: { env: PASSWORD } } }`;
    const env = { PASSWORD: 'canary-password' };
    await expect(tagsAt(registries(entry(''), { env }), started.host)).rejects.toMatchObject({ code: 'egress-denied' });
    expect(realm.requests).toEqual([]);
    expect(await tagsAt(registries(entry(`aliases: ["${realmHost}"],`), { env }), realmHost)).toEqual(['v1']);
    expect(realm.requests).toHaveLength(1);
  });
});
