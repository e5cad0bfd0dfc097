// The package as a user gets it: packed, installed into an empty folder without a network, and run there.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRegistry } from '../../infra/demo/registry.ts';
import { startBareServer } from '../support/bare-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { startCloudFront } from '../support/clouds/cloud-front.ts';
import { CLIENT, createFakeAzure, REGISTRY, TENANT } from '../support/clouds/fake-azure.ts';
import { createFakeGoogle, makeKeys } from '../support/clouds/fake-google.ts';
import { startLockableStacks } from '../support/aws/lockable-stacks.ts';
import { startMoto } from '../support/moto.ts';
import { plantIndex } from '../support/planted-image.ts';
import { requireComponent } from '../support/require-component.ts';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '../..');

let folder: string;
let app: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-package-'));
  app = path.join(folder, 'app');
  mkdirSync(app);
  // npm and the installed command start the `node` that comes first on the PATH: the one of these tests
  const nodeFolder = path.join(ROOT, 'node_modules', '.bin');
  env = { ...process.env, PATH: `${nodeFolder}${path.delimiter}${process.env['PATH']}`, HOME: folder, NO_COLOR: '1' };
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, env });
  const tarball = path.join(folder, stdout.trim().split('\n').at(-1) ?? '');
  const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  await run('npm', ['install', ...options, '--prefix', app, tarball], { cwd: app, env });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function transship(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(path.join(app, 'node_modules', '.bin', 'transship'), args, { cwd: app, env });
}

describe('the installed package', () => {
  it('holds the bundle, the launcher and the papers, and needs no other package', () => {
    const installed = readdirSync(path.join(app, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(installed).toEqual(['transship']);
    const files = readdirSync(path.join(app, 'node_modules', 'transship')).sort();
    expect(files).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'infra', 'package.json', 'serverless.yml']);
    const infra = readdirSync(path.join(app, 'node_modules', 'transship', 'infra'), {
      recursive: true,
      encoding: 'utf8',
    }).sort();
    const starter = path.join('aws', 'stack', 'starter.yaml');
    expect(infra).toEqual(['aws', path.dirname(starter), starter, 'cli', path.join('cli', 'launcher.js')]);
  });

  it('names the packages of others inside the bundle, with their licences', () => {
    const read = (file: string) => readFileSync(path.join(app, 'node_modules', 'transship', 'dist', file), 'utf8');
    const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    expect(read('sbom.cdx.json')).toContain(`"purl": "pkg:npm/undici@${devDependencies.undici}"`);
    expect(read('third-party-licenses.txt')).toMatch(/^undici \S+ \(MIT\)\n\nMIT License\n/m);
  });

  it('tells its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    expect((await transship('version')).stdout).toMatch(`transship ${version} `);
    expect((await transship('--help')).stdout).toMatch(/^Usage: transship /);
  });

  it('copies an index from one registry to another', async () => {
    await using source = await startRegistry();
    await using target = await startRegistry();
    const { digest } = await plantIndex(source, 'app', '1.0');
    await transship('copy', '--quiet', `${source.host}/app:1.0`, `${target.host}/mirror/app:1.0`);
    const copied = await fetch(`${target.url}/v2/mirror/app/manifests/1.0`);
    expect(copied.headers.get('docker-content-digest')).toBe(digest);
  });

  it('logs in by an AWS identity, with the SDK that is in the bundle', async () => {
    await using registry = await startRegistry({ auth: { kind: 'basic', users: { AWS: 'token-of-ecr' } } });
    await plantIndex(registry, 'app', '1.0');
    const authorizationToken = Buffer.from('AWS:token-of-ecr').toString('base64');
    await using aws = await startBareServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(
        JSON.stringify({ authorizationData: [{ authorizationToken, expiresAt: Date.now() / 1000 + 43_200 }] }),
      );
    });
    const config = path.join(folder, 'ecr.yaml');
    const entry = '{ kind: ecr, credential: { aws: { region: eu-west-1 } } }';
    writeFileSync(config, `version: 1\nregistries: { "${registry.host}": ${entry} }\n`);
    const identity = { AWS_ENDPOINT_URL: aws.url, AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'x' };
    const options = { cwd: app, env: { ...env, ...identity } };
    const program = path.join(app, 'node_modules', '.bin', 'transship');
    const { stdout } = await run(program, ['tags', `${registry.host}/app`, '-c', config], options);
    expect(stdout).toContain('1.0\n');
  });

  it('logs in by identities of Google and Azure, with the libraries in the bundle, through a proxy', async () => {
    const authority = createAuthority(folder);
    const google = createFakeGoogle(makeKeys());
    const azure = createFakeAzure();
    await using front = await startCloudFront(authority, [...Object.keys(google.hosts), ...Object.keys(azure.hosts)]);
    front.play({ ...google.hosts, ...azure.hosts });
    const users: Record<string, string> = {};
    Object.defineProperty(users, 'oauth2accesstoken', { enumerable: true, get: () => google.issued.at(-1) ?? '' });
    await using registry = await startRegistry({ auth: { kind: 'basic', users } });
    await plantIndex(registry, 'app', '1.0');
    const config = path.join(folder, 'clouds.yaml');
    const application = `tenantId: ${TENANT}, clientId: ${CLIENT}, clientSecret: { env: AZURE_SECRET }`;
    writeFileSync(
      config,
      `version: 1
registries:
  "${registry.host}": { kind: artifact-registry, credential: { google: { credentials: { env: GOOGLE_KEY } } } }
  ${REGISTRY}: { credential: { azure: { ${application} } } }
`,
    );
    const identities = {
      HTTPS_PROXY: front.proxy,
      NO_PROXY: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: authority.caFile,
      GOOGLE_KEY: JSON.stringify(google.keyFile()),
      AZURE_SECRET: azure.settings.clientSecret,
    };
    const program = path.join(app, 'node_modules', '.bin', 'transship');
    const listTags = (repository: string) =>
      run(program, ['tags', repository, '-c', config], { cwd: app, env: { ...env, ...identities } });
    expect((await listTags(`${registry.host}/app`)).stdout).toContain('1.0\n');
    // of the registry itself the fake knows the exchange alone
    front.faults.set(REGISTRY, (request) => {
      if (request.path === '/oauth2/exchange') return azure.hosts[REGISTRY]?.(request);
      if (request.headers.authorization === undefined)
        return { status: 401, headers: { 'www-authenticate': `Basic realm="${REGISTRY}"` } };
      return { status: 200, body: { name: 'app', tags: ['2.0'] } };
    });
    expect((await listTags(`${REGISTRY}/app`)).stdout).toContain('2.0\n');
    expect(front.requests.map(({ path: asked }) => asked)).toContain('/oauth2/exchange');
  });

  // moto makes no HTTP API, no schedules and no alarms of a template: doctor finds just those missing
  it('deploys itself to AWS, and finds out what is missing there', { timeout: 240_000 }, async () => {
    await using moto = await startMoto(requireComponent('moto'));
    await using stacks = await startLockableStacks(moto.url);
    const work = path.join(folder, 'aws');
    const aws = async (...args: string[]) => {
      const options = {
        cwd: work,
        env: { ...env, ...moto.env, AWS_ENDPOINT_URL: stacks.url, AWS_REGION: 'eu-west-1' },
      };
      const program = path.join(app, 'node_modules', '.bin', 'transship');
      // it ends with 1 where something is to be mended
      const { stdout } = await run(program, ['aws', ...args, '--json'], options).catch((error: unknown) => {
        if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) };
        throw error;
      });
      return stdout
        .trimEnd()
        .split('\n')
        .map((line): Record<string, unknown> => JSON.parse(line));
    };
    mkdirSync(work);
    const answers = ['--account', '123456789012', '--region', 'eu-west-1', '--repository', 'team/app'];
    expect(await aws('init', ...answers)).toMatchObject([{ type: 'report', file: 'transship.yaml' }]);
    const [packaged] = await aws('package');
    expect(packaged?.['functions']).toHaveLength(12);
    expect(readFileSync(String(packaged?.['template']), 'utf8')).toContain('AWS::Lambda::Function');
    stacks.refuseOnce('/transship.yaml');
    const [half] = await aws('deploy', '--yes', '--param', 'protectStack=true');
    const message = expect.stringContaining('the functions are deployed, but not their configuration');
    // which has nothing yet that says what the functions may do
    expect(half).toMatchObject({ message, hint: expect.not.stringContaining('--config-only') });
    expect(stacks.changes).toEqual(['transship-dev true']);
    const whole = { type: 'report', stack: 'transship-dev', config: { changed: true }, kept: { protectStack: 'true' } };
    expect(await aws('deploy', '--yes')).toMatchObject([whole]);
    expect(await aws('deploy', '--yes', '--config-only')).toMatchObject([{ config: { changed: false } }]);
    // before anything is changed
    writeFileSync(path.join(work, 'large.yaml'), `# ${'x'.repeat(8192)}\nversion: 1\n`);
    const [large] = await aws('deploy', '--yes', '--param', 'configParameter=/transship', '-c', 'large.yaml');
    expect(large).toMatchObject({ message: expect.stringContaining('a parameter holds at most 8 KiB') });
    // nobody unlocked it, as the default of the stage would have
    expect(stacks.changes).toEqual(['transship-dev true']);
    const findings = await aws('doctor');
    const wrong = findings.filter(({ state }) => state === 'fail' || state === 'warn').map(({ id }) => id);
    expect(new Set(wrong)).toEqual(new Set(['quota', 'triggers']));
    expect(findings).toContainEqual(expect.objectContaining({ id: 'config-object', state: 'ok' }));
    expect(findings).toContainEqual(expect.objectContaining({ id: 'functions', state: 'ok' }));
    expect(findings).toContainEqual(expect.objectContaining({ id: 'protection', state: 'ok' }));
    const [token] = await aws('token', '--name', 'me');
    expect(token).toMatchObject({ scopes: ['admin'], token: expect.stringMatching(/^tsk_/) });
    const urls = await aws('urls', '--base', 'https://transship.example.com');
    expect(urls).toMatchObject([{ what: 'api', url: 'https://transship.example.com' }, { urls: 1 }]);
  });

  it('runs the demo', async () => {
    const { stdout } = await transship('demo');
    expect(stdout).toMatch(/Proved: .* read back and hashed/);
  });
});
