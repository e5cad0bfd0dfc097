// The commands that set receivers up, and that what they print works: the address is the one the server listens at, and the sample
// push becomes a copy.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../infra/cli/main.ts';
import { startRegistry, type RunningRegistry } from '../../infra/demo/registry.ts';
import { PUSH_SOURCES } from '../../shared/events/index.ts';
import { captureIo } from '../support/captured-io.ts';
import { jsonLines, openCliBed, type CliBed } from '../support/cli-bed.ts';
import { plantImage } from '../support/planted-image.ts';

const ENV = { HOOK: 'Bearer hook-4711', OLD: 'Bearer old', SIGN: 'signing-key' };
let registry: RunningRegistry;
let bed: CliBed;

beforeEach(async () => {
  registry = await startRegistry();
  bed = await openCliBed(
    `
registries: { '${registry.host}': { plainHttp: true } }
receivers:
  - { id: main, kind: distribution, registry: '${registry.host}', auth: { mode: header, name: X-Hook, secrets: [{ env: HOOK }, { env: OLD }] } }
  - { id: hub, kind: quay, registry: '${registry.host}', auth: { mode: path } }
  - { id: git-a, kind: gitea, registry: '${registry.host}', auth: { mode: hmac, secrets: [{ env: SIGN }] } }
  - { id: git-b, kind: gitea, registry: '${registry.host}', auth: { mode: hmac, secrets: [{ env: SIGN }] } }
  - { id: google, kind: artifact-registry, registry: '${registry.host}', auth: { mode: google-oidc, audience: a, email: b } }
mirrors:
  - { name: app, from: '${registry.host}/team/app', to: ['${registry.host}/mirror/{name}'], schedule: 'off' }
`,
    ENV,
  );
});
afterEach(async () => {
  await bed.remove();
  await registry.stop();
});

describe('receivers', () => {
  test('are listed with their addresses, but not with the tokens in these', async () => {
    const { exitCode, stdout } = await bed.run(['receivers', 'list', '--base', 'https://t.example/in/']);
    expect(exitCode).toBe(0);
    const rows = stdout.trimEnd().split('\n');
    expect(rows[1]).toMatch(/^main +distribution +\S+ +header +https:\/\/t\.example\/in\/hooks\/distribution\/main$/);
    expect(rows[2]).toMatch(/^hub +quay +\S+ +path +https:\/\/t\.example\/in\/hooks\/quay\/hub\/…$/);
    expect(jsonLines(await bed.run(['receivers', 'list', '--json'])).at(-1)).toEqual({ type: 'report', receivers: 5 });
  });

  test('have an address, with a token where that is the credential, and always the same', async () => {
    const url = async (id: string) => (await bed.run(['receivers', 'url', id, '--base', 'https://t.example'])).stdout;
    expect(await url('main')).toBe('https://t.example/hooks/distribution/main\n');
    expect(await url('hub')).toMatch(/^https:\/\/t\.example\/hooks\/quay\/hub\/[\w-]{43}\n$/);
    expect(await url('hub')).toBe(await url('hub'));
    const unknown = await bed.run(['receivers', 'url', 'nobody']);
    expect([unknown.exitCode, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('there are: main, hub, git-a') as string,
    ]);
    expect((await bed.run(['receivers', 'url', 'hub', '--base', 'somewhere'])).exitCode).toBe(2);
  });

  test.each(Object.keys(PUSH_SOURCES))('of kind %s have a sample', async (kind) => {
    const { exitCode, stdout } = await bed.run(['receivers', 'test', kind]);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^curl -i -X POST .*\/hooks\//);
  });

  test('have a sample where there is no configuration', async () => {
    const io = captureIo();
    expect(await main(['receivers', 'test', 'harbor', '--base', 'https://t.example/'], io)).toBe(0);
    expect(io.stdout.text()).toContain("'https://t.example/hooks/harbor/example'");
    expect(io.stderr.text()).toContain('SECRET and the address stand for yours');
  });

  test('are tried with their own secret, the new one while two are valid', async () => {
    const { stdout, stderr } = await bed.run(['receivers', 'test', 'distribution']);
    expect(stdout).toContain(`-H 'x-hook: ${ENV.HOOK}'`);
    expect(stderr).toBe('');
    const several = await bed.run(['receivers', 'test', 'gitea']);
    expect(several.stderr).toContain('there are several receivers of kind gitea');
    const one = await bed.run(['receivers', 'test', 'gitea', '--receiver', 'git-b', '-q']);
    expect(one.stdout).toMatch(/^curl .*x-gitea-signature: [0-9a-f]{64}.*\/hooks\/gitea\/git-b'\n$/);
    expect((await bed.run(['receivers', 'test', 'artifact-registry'])).stderr).toContain('identity provider');
  });

  test.each([
    [['receivers', 'test', 'dockerhub'], 'there is no kind of receiver'],
    [['receivers', 'test', 'gitea', '--receiver', 'hub'], 'is of kind quay, not gitea'],
    [['receivers', 'test', 'gitea', '--receiver', 'nobody'], 'there is no receiver'],
  ])('that are none end with 2: %j', async (words, told) => {
    const { exitCode, stderr } = await bed.run(words);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(told) as string]);
  });
});

describe('a sample push', () => {
  test.each(['main', 'hub', 'git-a'])('to %s becomes a copy, and can be watched', async (id) => {
    const { digest } = await plantImage(registry, 'team/app', { tag: '1.0' });
    const base = await bed.serve();
    const kind = { main: 'distribution', hub: 'quay', 'git-a': 'gitea' }[id] ?? '';
    const of = ['--repository', 'team/app', '--tag', '1.0'];
    const sample = await bed.run(['receivers', 'test', kind, '--receiver', id, '--base', base, ...of, '--json']);
    const [{ url, headers, body } = {}] = jsonLines(sample);
    const answer = await fetch(String(url), {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: String(body),
    });
    expect(answer.status).toBe(202);
    const jobId = answer.headers.get('location')?.split('/').at(-1) ?? '';
    const followed = await bed.run(['jobs', 'show', '--follow', jobId]);
    expect(followed.exitCode).toBe(0);
    expect(followed.stdout).toMatch(/Z {2}accepted\n(.*\n)*.*Z {2}done/);
    expect(followed.stdout).toMatch(new RegExp(`mirror/app:1.0 +copied +${digest}`));
    const events = jsonLines(await bed.run(['events', 'list', '--json', '--receiver', id]));
    expect(events).toMatchObject([{ type: 'event', jobIds: [jobId], isRepeated: false }, { events: 1 }]);
  });
});
