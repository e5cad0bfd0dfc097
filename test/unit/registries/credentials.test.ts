// Where a registry's credential comes from, in which order of files and helpers.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Credential, type CredentialSource, anonymous } from '../../../shared/oci/auth/credential.ts';
import { credentialSource, type CredentialSourceOptions } from '../../../shared/registries/credentials.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

let home = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'transship-credentials-'));
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

type Extra = Partial<Omit<CredentialSourceOptions, 'env'>> & { env?: Record<string, string> };

function sourceOf({ env, ...extra }: Extra = {}): CredentialSource {
  const path = `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`;
  // The runtime folder stands in for the machine's own, so that no credential file from outside is read.
  return credentialSource({ homeDir: home, env: { PATH: path, XDG_RUNTIME_DIR: join(home, 'run'), ...env }, ...extra });
}

async function write(path: string, content: unknown): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function auths(host: string, user: string): object {
  return { auths: { [host]: { auth: Buffer.from(`${user}:secret-of-${user}`).toString('base64') } } };
}

/** Puts a helper program on the PATH: a node script that notes each run and its input, then runs `body`. */
async function installHelper(name: string, body: string): Promise<{ runs(): Promise<string[]> }> {
  const log = join(home, `${name}.log`);
  const program = await write(
    `bin/docker-credential-${name}`,
    `#!${process.execPath}
const { appendFileSync, readFileSync } = require('node:fs');
const input = readFileSync(0, 'utf8');
appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(' ') + ' ' + input + '\\n');
${body}
`,
  );
  await chmod(program, 0o755);
  return {
    runs: () =>
      readFile(log, 'utf8').then(
        (text) => text.trim().split('\n'),
        () => [],
      ),
  };
}

const ANSWER = `console.log(JSON.stringify({ ServerURL: input, Username: 'helper', Secret: 'from-helper' }));`;

function revealed(credential: Credential): string {
  if (credential.kind === 'anonymous') return 'anonymous';
  if (credential.kind === 'basic') return `${credential.username}:${credential.password.reveal()}`;
  return `${credential.kind}:${credential.token.reveal()}`;
}

async function find(source: CredentialSource, registry: string, repository?: string): Promise<string> {
  return revealed(await source({ registry, ...(repository === undefined ? {} : { repository }) }));
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

describe('the order of credential files', () => {
  const FILES = {
    docker: '.docker/config.json',
    chosen: 'chosen/config.json',
    runtime: 'run/containers/auth.json',
    config: '.config/containers/auth.json',
    named: 'named.json',
  };

  it.each<
    [present: (keyof typeof FILES)[], env: (home: string) => Record<string, string>, authfile: string, expected: string]
  >([
    [[], () => ({}), '', 'anonymous'],
    [['docker'], () => ({}), '', 'docker'],
    [['docker', 'config'], () => ({}), '', 'config'],
    [['docker', 'config', 'runtime'], () => ({}), '', 'runtime'],
    [['docker', 'config'], (home) => ({ XDG_CONFIG_HOME: join(home, 'elsewhere') }), '', 'docker'],
    [['docker'], (home) => ({ DOCKER_CONFIG: join(home, 'chosen') }), '', 'anonymous'],
    [['docker', 'chosen'], (home) => ({ DOCKER_CONFIG: join(home, 'chosen') }), '', 'chosen'],
    [['chosen', 'runtime'], (home) => ({ DOCKER_CONFIG: join(home, 'chosen') }), '', 'chosen'],
    [['runtime'], (home) => ({ DOCKER_CONFIG: join(home, 'chosen') }), '', 'runtime'],
    [['docker'], () => ({ DOCKER_CONFIG: '', REGISTRY_AUTH_FILE: '' }), '', 'docker'],
    [['docker', 'runtime', 'named'], (home) => ({ REGISTRY_AUTH_FILE: join(home, 'named.json') }), '', 'named'],
    [
      ['chosen', 'runtime', 'named'],
      (home) => ({ REGISTRY_AUTH_FILE: join(home, 'chosen/config.json') }),
      'named.json',
      'named',
    ],
  ])('with %j present, case %#, finds %s%s', async (present, env, authfile, expected) => {
    for (const name of present) await write(FILES[name], auths('ghcr.io', name));
    const source = sourceOf({ env: env(home), ...(authfile === '' ? {} : { authfile: join(home, authfile) }) });
    expect(await find(source, 'ghcr.io')).toBe(
      expected === 'anonymous' ? expected : `${expected}:secret-of-${expected}`,
    );
  });

  it('goes on to the next file where one does not know the registry', async () => {
    await write('run/containers/auth.json', auths('quay.io', 'podman'));
    await write('.docker/config.json', auths('ghcr.io', 'docker'));
    expect(await find(sourceOf(), 'ghcr.io')).toBe('docker:secret-of-docker');
  });

  it('ends with the file that was asked for by name', async () => {
    await write('.docker/config.json', auths('ghcr.io', 'docker'));
    const authfile = await write('named.json', auths('quay.io', 'named'));
    expect(await find(sourceOf({ authfile }), 'ghcr.io')).toBe('anonymous');
  });

  it('puts given credentials before all of them, under every name of the registry', async () => {
    await write('.docker/config.json', '{broken');
    const given: Credential = { kind: 'basic', username: 'given', password: new Secret('x') };
    const source = sourceOf({ static: { 'index.docker.io': given, 'Local:5000': anonymous } });
    expect(await find(source, 'docker.io')).toBe('given:x');
    expect(await find(source, 'local:5000')).toBe('anonymous');
  });

  it('reads nothing before it is asked, and a file only once', async () => {
    const source = sourceOf();
    const file = await write('.docker/config.json', auths('ghcr.io', 'first'));
    expect(await find(source, 'ghcr.io')).toBe('first:secret-of-first');
    await writeFile(file, '{broken');
    expect(await find(source, 'ghcr.io', 'a/b')).toBe('first:secret-of-first');
    expect(await find(source, 'quay.io')).toBe('anonymous');
  });

  it('is walked anew for a credential that was refused', async () => {
    const file = await write('.docker/config.json', auths('ghcr.io', 'old'));
    const source = sourceOf();
    const refused = await source({ registry: 'ghcr.io' });
    await writeFile(file, JSON.stringify(auths('ghcr.io', 'new')));
    expect(revealed(await source({ registry: 'ghcr.io', refused }))).toBe('new:secret-of-new');
  });
});

describe('a credential file with a mistake', () => {
  it.each<[content: string, message: string]>([
    ['{\n  "auths": {\n    "a": {"auth": "hunter2"},\n  }\n}', 'is not valid JSON (line 4, column 3)'],
    ['hunter2', 'is not valid JSON (line 1, column 1)'],
    ['{"auths": {"a": {"auth": "hunter2', 'is not valid JSON (line 1, column 26)'],
    ['["hunter2"]', 'is not a JSON object'],
    ['"hunter2"', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['{"auths": ["hunter2"]}', 'auths: must be an object'],
    ['{"auths": "hunter2"}', 'auths: must be an object'],
    ['{"credHelpers": "hunter2"}', 'credHelpers: must be an object'],
    ['{"credHelpers": {"ghcr.io": ["hunter2"]}}', 'credHelpers["ghcr.io"]: must be a string'],
    ['{"credsStore": {"hunter2": 1}}', 'credsStore: must be a string'],
    ['{"auths": {"ghcr.io": {"auth": "hunter2"}}}', 'auths["ghcr.io"].auth: is not valid base64'],
  ])('%j is named with its place, and quoted nowhere', async (content, message) => {
    const file = await write('.docker/config.json', content);
    const error = await failureOf(sourceOf()({ registry: 'ghcr.io' }));
    expect(error).toMatchObject({ code: 'invalid-credential-file', message: expect.stringContaining(message) });
    expect(error.message).toContain(file);
    expect(error).toHaveProperty('hint', expect.stringMatching(/\w/));
    expect(error.cause).toBeUndefined();
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('hunter2');
  });

  it.each(['', ' \n', '{}', '\uFEFF{"auths": {}}', '{"auths": null, "credHelpers": null, "credsStore": null}'])(
    '%j is none: nothing is in it',
    async (content) => {
      await write('.docker/config.json', content);
      expect(await find(sourceOf(), 'ghcr.io')).toBe('anonymous');
    },
  );

  it('cannot be a folder', async () => {
    await mkdir(join(home, '.docker/config.json'), { recursive: true });
    expect(await failureOf(sourceOf()({ registry: 'ghcr.io' }))).toMatchObject({
      code: 'invalid-credential-file',
      message: expect.stringContaining('is a folder'),
    });
  });

  it.each<[Extra, string]>([
    [{ authfile: '/nowhere/auth.json' }, '--authfile'],
    [{ env: { REGISTRY_AUTH_FILE: '/nowhere/auth.json' } }, 'REGISTRY_AUTH_FILE'],
  ])('is one that %j names and that does not exist', async (extra, name) => {
    expect(await failureOf(sourceOf(extra)({ registry: 'ghcr.io' }))).toMatchObject({
      code: 'invalid-credential-file',
      message: `credential file /nowhere/auth.json: does not exist, but ${name} names it`,
      hint: expect.stringContaining(name),
    });
  });
});

describe('a helper program', () => {
  it('is asked with the server on its input, and once for many requests', async () => {
    const helper = await installHelper('one', ANSWER);
    await write('.docker/config.json', { credHelpers: { 'docker.io': 'one' } });
    const source = sourceOf();
    const found = await Promise.all([find(source, 'docker.io', 'a/b'), find(source, 'docker.io', 'c/d')]);
    expect(found).toEqual(['helper:from-helper', 'helper:from-helper']);
    expect(await helper.runs()).toEqual(['get https://index.docker.io/v1/']);
  });

  it('is asked for each registry apart', async () => {
    const helper = await installHelper('all', ANSWER);
    await write('.docker/config.json', { credsStore: 'all' });
    const source = sourceOf();
    await find(source, 'ghcr.io');
    await find(source, 'localhost:5000');
    expect(await helper.runs()).toEqual(['get ghcr.io', 'get localhost:5000']);
  });

  it('comes before the entries of its file, even where it knows nothing', async () => {
    await installHelper('empty', `console.log('credentials not found in native keychain'); process.exit(1);`);
    await write('.docker/config.json', { ...auths('ghcr.io', 'entry'), credsStore: 'empty' });
    expect(await find(sourceOf(), 'ghcr.io')).toBe('anonymous');
  });

  it('that knows nothing leaves the next file its say', async () => {
    await installHelper('empty', `console.error('credentials not found in native keychain'); process.exit(1);`);
    await write('run/containers/auth.json', { credHelpers: { 'ghcr.io': 'empty' } });
    await write('.docker/config.json', auths('ghcr.io', 'docker'));
    expect(await find(sourceOf(), 'ghcr.io')).toBe('docker:secret-of-docker');
  });

  it('is not run for other registries', async () => {
    const helper = await installHelper('one', ANSWER);
    await write('.docker/config.json', { ...auths('quay.io', 'entry'), credHelpers: { 'ghcr.io': 'one' } });
    expect(await find(sourceOf(), 'quay.io')).toBe('entry:secret-of-entry');
    expect(await helper.runs()).toEqual([]);
  });

  it('says by its user name that it gives an identity token', async () => {
    await installHelper('token', `console.log(JSON.stringify({ Username: '<token>', Secret: 'refresh' }));`);
    await write('.docker/config.json', { credsStore: 'token' });
    expect(await find(sourceOf(), 'ghcr.io')).toBe('identityToken:refresh');
  });

  it('gives nothing where both its fields are empty', async () => {
    await installHelper('blank', `console.log(JSON.stringify({ ServerURL: '', Username: '', Secret: '' }));`);
    await write('.docker/config.json', { credsStore: 'blank' });
    expect(await find(sourceOf(), 'ghcr.io')).toBe('anonymous');
  });

  it('gets the environment', async () => {
    await installHelper('env', `console.log(JSON.stringify({ Username: 'env', Secret: process.env.AWS_PROFILE }));`);
    await write('.docker/config.json', { credsStore: 'env' });
    expect(await find(sourceOf({ env: { AWS_PROFILE: 'prod' } }), 'ghcr.io')).toBe('env:prod');
  });

  it('may leave its input unread', async () => {
    const program = await write('bin/docker-credential-deaf', `#!/bin/sh\necho '{"Username":"deaf","Secret":"x"}'\n`);
    await chmod(program, 0o755);
    await write('.docker/config.json', { credsStore: 'deaf' });
    // More than a pipe holds, so that the program ends while it is still being written to.
    expect(await find(sourceOf(), 'a'.repeat(200_000))).toBe('deaf:x');
  });

  it('is asked again, once, after many requests were refused together', async () => {
    const helper = await installHelper(
      'fresh',
      `console.log(JSON.stringify({ Username: 'u', Secret: String(readFileSync(${JSON.stringify(
        'LOG',
      )}, 'utf8').split('\\n').length - 1) }));`.replace('"LOG"', `'${join(home, 'fresh.log')}'`),
    );
    await write('.docker/config.json', { credsStore: 'fresh' });
    const source = sourceOf();
    const refused = await source({ registry: 'ghcr.io' });
    const again = await Promise.all(Array.from({ length: 5 }, () => source({ registry: 'ghcr.io', refused })));
    expect(again.map(revealed)).toEqual(Array(5).fill('u:2'));
    expect(revealed(await source({ registry: 'ghcr.io', refused }))).toBe('u:2');
    expect(await helper.runs()).toHaveLength(2);
  });

  it.each<[name: string, body: string, message: RegExp]>([
    [
      'crash',
      `console.log('hunter2'); console.error('hunter2'); process.exit(3);`,
      /failed for ghcr\.io \(exit code 3\)/,
    ],
    ['killed', `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`, /signal SIGTERM/],
    ['text', `console.log('hunter2');`, /not a JSON object/],
    ['list', `console.log('null');`, /not a JSON object/],
    ['types', `console.log(JSON.stringify({ Username: 1, Secret: ['hunter2'] }));`, /no string/],
    ['nameless', `console.log(JSON.stringify({ Username: '', Secret: 'hunter2' }));`, /without a Username/],
    ['loud', `process.stdout.write('hunter2'.repeat(100_000));`, /more than 64 KiB/],
    ['slow', `setInterval(() => {}, 1000);`, /no answer within 400 ms/],
  ])('%s fails with a reason and without what it printed', async (name, body, message) => {
    await installHelper(name, body);
    await write('.docker/config.json', { credsStore: name });
    const timeout = name === 'slow' ? { helperTimeoutMs: 400 } : {};
    const error = await failureOf(sourceOf(timeout)({ registry: 'ghcr.io' }));
    expect(error).toMatchObject({ code: 'credential-helper-failed', message: expect.stringMatching(message) });
    expect(error.message).toContain(`docker-credential-${name}`);
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('hunter2');
  });

  it('that is not installed is named, with what to do', async () => {
    await write('.docker/config.json', { credsStore: 'not-there' });
    expect(await failureOf(sourceOf()({ registry: 'ghcr.io' }))).toMatchObject({
      code: 'credential-helper-failed',
      message: 'credential helper docker-credential-not-there is not on the PATH',
      hint: expect.stringContaining('install docker-credential-not-there'),
    });
  });

  it('that may not be run is told from one that is not there', async () => {
    await write('bin/docker-credential-locked', '#!/bin/sh\n');
    await write('.docker/config.json', { credsStore: 'locked' });
    expect(await failureOf(sourceOf({ env: { PATH: join(home, 'bin') } })({ registry: 'ghcr.io' }))).toMatchObject({
      message: expect.stringMatching(/cannot be started \(EACCES\)/),
    });
  });

  it.each(['../../bin/sh', 'x/y', 'x;id', 'a b', 'x\nid', 'é'])('may not be named %j', async (name) => {
    await write('.docker/config.json', { credsStore: name });
    const error = await failureOf(sourceOf()({ registry: 'ghcr.io' }));
    expect(error).toMatchObject({
      code: 'credential-helper-failed',
      message: expect.stringContaining('not a valid name'),
    });
    expect(error.message).not.toContain('\n');
  });

  it('is tried again after it failed', async () => {
    await installHelper('flaky', `process.exit(1);`);
    await write('.docker/config.json', { credsStore: 'flaky' });
    const source = sourceOf();
    await failureOf(source({ registry: 'ghcr.io' }));
    await installHelper('flaky', ANSWER);
    expect(await find(source, 'ghcr.io')).toBe('helper:from-helper');
  });
});
