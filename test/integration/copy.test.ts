// `transship copy` between real servers, as a user runs it, judged by other people's clients.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../infra/demo/registry.ts';
import { fallbackTag } from '../../shared/oci/fallback-tag.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { createAuthority, type Authority } from '../support/certificates.ts';
import { startContainerd } from '../support/containerd.ts';
import { INDEX, plantBlob, plantManifest, plantReferrer, type Place } from '../support/planted-content.ts';
import { pushPlanted } from '../support/push-planted.ts';
import { plantRealImage } from '../support/real-image.ts';
import { isMissing, requireComponent } from '../support/require-component.ts';
import { startServer, type Server, type ServerOptions } from '../support/servers.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';

const run = promisify(execFile);
const LAUNCHER = path.resolve(import.meta.dirname, '../../infra/cli/launcher.js');
const USER = { username: 'alice', password: 'p:ä "x"' };
const TAGS = 200;

type Wanted = { single: Descriptor; index: Descriptor; images: Descriptor[]; signature: Descriptor; sbom: Descriptor };

let folder: string;
let authority: Authority;
let source: Server;
let wanted: Wanted;

// Without the source there is nothing to copy; the summary names what is missing.
describe.skipIf(isMissing('docker-registry'))('from docker-registry 2.8', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'transship-copy-'));
    authority = createAuthority(folder);
    source = await startServer({ program: requireComponent('docker-registry') });
    wanted = await fillSource();
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  describe.each([
    { kind: 'docker-registry', login: 'htpasswd' },
    { kind: 'docker-registry', login: 'token' },
    { kind: 'distribution', login: 'htpasswd' },
  ] as const)('to $kind with TLS and $login', ({ kind, login }) => {
    let target: Server;
    let tokens: TokenServer | undefined;
    let env: NodeJS.ProcessEnv;

    // In the tests themselves a missing component skips; a hook could only fail.
    const start = async () => {
      if (target !== undefined) return;
      const program = requireComponent(kind);
      let auth: ServerOptions['auth'] = { kind: 'htpasswd', ...USER };
      if (login === 'token') {
        const tls = authority.issue('tokens');
        tokens = await startTokenServer({ signer: authority.issue('signer'), user: USER, tls });
        const { realm, service, issuer } = tokens;
        auth = { kind: 'token', realm, service, issuer, caFile: authority.caFile };
      }
      target = await startServer({ program, auth, tls: authority.issue(`${kind}-${login}`) });
      env = clientEnvironment(`${kind}-${login}`, target.host);
    };

    afterAll(async () => {
      await target?.[Symbol.asyncDispose]();
      await tokens?.[Symbol.asyncDispose]();
    });

    const transship = (...words: string[]) => {
      const login = ['--authfile', path.join(env['DOCKER_CONFIG'] ?? '', 'config.json'), '--ca-file', authority.caFile];
      return run(process.execPath, [LAUNCHER, ...words, ...login], { env, maxBuffer: 64 * 1024 * 1024 });
    };
    const copy = async (repository: string, tag: string) => {
      const { stdout, stderr } = await transship(
        'copy',
        '--json',
        ref(source, repository, tag),
        ref(target, repository, tag),
      );
      const report: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
      expect(stdout + stderr).not.toContain(USER.password);
      return report;
    };

    /** The manifest's bytes, as skopeo gets them from both sides. */
    const expectSameBytes = async (repository: string, reference: string) => {
      const skopeo = requireComponent('skopeo');
      const raw = async (server: Server, options: string[]) => {
        const name = `docker://${ref(server, repository, reference)}`;
        return (await run(skopeo, ['inspect', '--raw', ...options, name], { env, encoding: 'buffer' })).stdout;
      };
      const there = await raw(target, ['--cert-dir', path.join(env['DOCKER_CONFIG'] ?? '', 'certs')]);
      expect(Buffer.compare(there, await raw(source, ['--tls-verify=false']))).toBe(0);
      const document: { manifests: Descriptor[] } = JSON.parse(there.toString('utf8'));
      return document;
    };

    test('a single image', async () => {
      await start();
      expect(await copy('team/single', 'v1')).toMatchObject({
        targets: [{ state: 'copied', digest: wanted.single.digest, blobs: { copied: 4 } }],
      });
      await expectSameBytes('team/single', 'v1');
    });

    // crane asks no token server on a loopback address.
    test.skipIf(login === 'token')('a single image that crane finds valid, layer by layer', async () => {
      await start();
      const crane = requireComponent('crane');
      await copy('team/single', 'v1');
      const { stdout } = await run(crane, ['validate', '--remote', ref(target, 'team/single', 'v1')], { env });
      expect(stdout).toContain('PASS');
    });

    test('an index with an attestation, every manifest of it the same', async () => {
      await start();
      expect(await copy('team/index', 'v1')).toMatchObject({
        targets: [{ state: 'copied', digest: wanted.index.digest }],
      });
      const { manifests } = await expectSameBytes('team/index', 'v1');
      expect(manifests.map(({ digest }) => digest)).toEqual(wanted.images.map(({ digest }) => digest));
      for (const { digest } of wanted.images) await expectSameBytes('team/index', digest);
    });

    test('an index that containerd fetches', async () => {
      await start();
      const programs = { containerd: requireComponent('containerd'), ctr: requireComponent('ctr') };
      await copy('team/index', 'v1');
      const home = mkdtempSync(path.join(folder, 'containerd-'));
      await using containerd = await startContainerd(programs, home, { [target.host]: authority.caFile });
      const login = ['--user', `${USER.username}:${USER.password}`, '--hosts-dir', containerd.hostsDir];
      const name = ref(target, 'team/index', 'v1');
      await containerd.ctr('content', 'fetch', ...login, '--platform', 'linux/amd64', name);
      const held = await containerd.ctr('content', 'list', '--quiet');
      for (const { digest } of [wanted.index, ...wanted.images.slice(0, 1)]) expect(held).toContain(digest);
      // The index, the manifest, its configuration and its two layers.
      expect(held.trim().split('\n').length).toBeGreaterThanOrEqual(5);
    });

    test('an artifact with referrers that regctl lists, its signature by tag', async () => {
      await start();
      const report = await copy('team/signed', 'v1');
      expect(report).toMatchObject({ targets: [{ state: 'copied', referrers: 2 }] });
      const tag = `${wanted.single.digest.replace(':', '-')}.sig`;
      expect(tagsOf(target, 'team/signed')).toMatchObject({ v1: wanted.single.digest, [tag]: wanted.signature.digest });
      const regctl = requireComponent('regctl');
      await run(regctl, ['registry', 'set', '--cacert', authority.ca, '--skip-check', target.host], { env });
      const format = '{{range .Descriptors}}{{.Digest}} {{.ArtifactType}}{{end}}';
      const { stdout } = await run(regctl, ['artifact', 'list', '--format', format, ref(target, 'team/signed', 'v1')], {
        env,
      });
      expect(stdout.trim()).toBe(`${wanted.sbom.digest} application/vnd.test`);
      expect(await copy('team/signed', 'v1')).toMatchObject({ targets: [{ state: 'unchanged', referrers: 0 }] });
    });

    test(`a repository of ${TAGS} tags`, async () => {
      await start();
      await target.forgetRequests();
      const words = ['copy', '--all-tags', '--quiet', '--json', `${source.host}/team/many`, `${target.host}/team/many`];
      const { stdout } = await transship(...words);
      expect(JSON.parse(stdout)).toMatchObject({ targets: [{ state: 'copied', tags: { copied: TAGS } }] });
      const tags = tagsOf(source, 'team/many');
      expect(Object.keys(tags)).toHaveLength(TAGS);
      expect(tagsOf(target, 'team/many')).toEqual(tags);
      // Ten images with a layer and a configuration each, and a base that they share.
      const accepted = (await target.requests()).filter(({ status }) => status === 201);
      const uploads = accepted.filter(
        ({ method, path: target }) => method === 'PUT' && target.includes('/blobs/uploads/'),
      );
      expect(uploads).toHaveLength(21);
      await target.forgetRequests();
      const again = await transship(...words);
      expect(JSON.parse(again.stdout)).toMatchObject({ targets: [{ state: 'unchanged', tags: { unchanged: TAGS } }] });
      const writes = (await target.requests()).filter(({ method }) => method !== 'HEAD' && method !== 'GET');
      expect(writes).toEqual([]);
    });

    test('refuses a wrong password without telling it', async () => {
      await start();
      const authfile = path.join(folder, `wrong-${kind}-${login}.json`);
      const auth = Buffer.from('alice:not the password').toString('base64');
      writeFileSync(authfile, JSON.stringify({ auths: { [target.host]: { auth } } }));
      const words = ['copy', ref(source, 'team/single', 'v1'), ref(target, 'team/wrong', 'v1'), '--authfile', authfile];
      const refused = run(process.execPath, [LAUNCHER, ...words, '--ca-file', authority.caFile], { env });
      const { code, stderr }: { code: number; stderr: string } = await refused.then(
        () => ({ code: 0, stderr: '' }),
        (error: { code: number; stderr: string }) => error,
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^transship: .*${target.host}[^]*\nhint: `, 'm'));
      expect(stderr).not.toMatch(/not the password|YWxpY2U/);
    });
  });
});

function ref(server: Server, repository: string, reference: string): string {
  return `${server.host}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

/** What the tags of a repository name, from the server's own files. */
function tagsOf(server: Server, repository: string): Record<string, string> {
  const tags = path.join(server.dataDir, 'docker/registry/v2/repositories', repository, '_manifests/tags');
  const digestOf = (tag: string) => readFileSync(path.join(tags, tag, 'current/link'), 'utf8');
  return Object.fromEntries(readdirSync(tags).map((tag) => [tag, digestOf(tag)]));
}

/** Login and authority for every client that is used here, each in its own form. */
function clientEnvironment(name: string, host: string): NodeJS.ProcessEnv {
  const home = path.join(folder, `home-${name}`);
  mkdirSync(path.join(home, 'certs'), { recursive: true });
  const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64');
  const authfile = path.join(home, 'config.json');
  writeFileSync(authfile, JSON.stringify({ auths: { [host]: { auth } } }));
  writeFileSync(path.join(home, 'certs/ca.crt'), authority.ca);
  return {
    PATH: process.env['PATH'],
    HOME: home,
    DOCKER_CONFIG: home,
    REGISTRY_AUTH_FILE: authfile,
    REGCTL_CONFIG: path.join(home, 'regctl.json'),
    SSL_CERT_FILE: authority.caFile,
  };
}

async function fillSource(): Promise<Wanted> {
  await using planted = await startRegistry();
  const at = (repository: string): Place => ({ registry: planted, repository });
  const layers = ['base', Buffer.alloc(2_000_000, 'two megabytes '), 'top'];
  const single = await plantRealImage(at('team/single'), { tag: 'v1', layers });
  const { index, images } = await plantAttestedIndex(at('team/index'));

  await plantRealImage(at('team/signed'), { tag: 'v1', layers });
  const sbom = await plantReferrer(at('team/signed'), single, '{"spdx":true}');
  const entry = { ...sbom, artifactType: 'application/vnd.test' };
  await plantManifest(at('team/signed'), { manifests: [entry] }, { mediaType: INDEX, tag: fallbackTag(single.digest) });
  const signature = await plantRealImage(at('team/signed'), {
    tag: `${single.digest.replace(':', '-')}.sig`,
    layers: ['signature'],
  });

  for (let number = 0; number < TAGS; number += 1)
    await plantRealImage(at('team/many'), { tag: `v${number}`, layers: ['base', `version ${number % 10}`] });
  for (const repository of ['team/single', 'team/index', 'team/signed', 'team/many']) {
    await pushPlanted(at(repository), source.url);
  }
  return { single, index, images, signature, sbom };
}

async function plantAttestedIndex(place: Place): Promise<{ index: Descriptor; images: Descriptor[] }> {
  const amd64 = await plantRealImage(place, { layers: ['base', 'amd64'] });
  const arm64 = await plantRealImage(place, { architecture: 'arm64', layers: ['base', 'arm64'] });
  const config = await plantBlob(place, '{"os":"unknown","architecture":"unknown"}', {
    mediaType: 'application/vnd.oci.image.config.v1+json',
  });
  const statement = await plantBlob(place, '{"predicateType":"https://spdx.dev/Document"}', {
    mediaType: 'application/vnd.in-toto+json',
  });
  const attestation = {
    ...(await plantManifest(place, { config, layers: [statement] })),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': amd64.digest,
    },
  };
  const images: Descriptor[] = [
    { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
    { ...arm64, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    attestation,
  ];
  return { images, index: await plantManifest(place, { manifests: images }, { mediaType: INDEX, tag: 'v1' }) };
}
