// Which issuer a registry has by its entry, under which names its credential stands, and what cannot be issued.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { issuersOf } from '../../support/issuers/issuers-of.ts';
import { uniqueSecret, unsignedJwt } from '../../support/issuers/secrets.ts';

const PASSWORD = uniqueSecret('static');
const LOGIN = 'credential: { username: u, password: { env: P } }';
const env = { P: PASSWORD };
const HOUR_MS = 3_600_000;
let folder: string;

beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'transship-issuers-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hostsOf = (entry: string, registry: string) => issuersOf(entry, { env }).of(registry).hosts;

describe('the keys of a pull Secret', () => {
  const SERVICE = 'image-registry.openshift-image-registry';
  const V2 = 'image-registry.image-registry-system';
  test.each([
    ['one name', `harbor.acme.io: { ${LOGIN} }`, 'harbor.acme.io', ['harbor.acme.io']],
    ['a port belongs to it', `"10.4.0.9:5000": { ${LOGIN} }`, '10.4.0.9:5000', ['10.4.0.9:5000']],
    ['every alias', `a.io: { aliases: [b.io, "c.io:5000"], ${LOGIN} }`, 'b.io', ['a.io', 'b.io', 'c.io:5000']],
    ['Docker Hub, as the kubelet wants it', `docker.io: { ${LOGIN} }`, 'docker.io', ['https://index.docker.io/v1/']],
    [
      'OpenShift: all names of the Service, and those of the entry',
      `"${SERVICE}.svc:5000": { aliases: [registry.apps.acme.io, "172.30.1.1:5000"], ${LOGIN} }`,
      'registry.apps.acme.io',
      [
        `${SERVICE}.svc:5000`,
        'registry.apps.acme.io',
        '172.30.1.1:5000',
        `${SERVICE}:5000`,
        `${SERVICE}.svc.cluster.local:5000`,
      ],
    ],
    [
      'ACP: the old and the new name of the Service',
      `internal-docker-registry.cpaas-system.svc: { ${LOGIN} }`,
      'internal-docker-registry.cpaas-system.svc',
      ['internal-docker-registry', 'image-registry'].flatMap((name) =>
        ['.svc', '', '.svc.cluster.local'].map((suffix) => `${name}.cpaas-system${suffix}`),
      ),
    ],
    [
      'ACP, registry v2',
      `"${V2}.svc:5000": { ${LOGIN} }`,
      `${V2}.svc:5000`,
      [`${V2}.svc:5000`, `${V2}:5000`, `${V2}.svc.cluster.local:5000`],
    ],
    [
      'an ingress of OpenShift: no name of the Service, which means another registry in another cluster',
      `registry.apps.acme.io: { kind: openshift, ${LOGIN} }`,
      'registry.apps.acme.io',
      ['registry.apps.acme.io'],
    ],
  ])('%s', (_, entry, registry, hosts) => {
    expect(hostsOf(entry, registry).toSorted()).toEqual(hosts.toSorted());
    expect(hostsOf(entry, registry)[0]).toBe(hosts[0]);
  });
});

describe('one issuer', () => {
  test('for all names of a registry', () => {
    const issuers = issuersOf(`a.io: { aliases: [b.io], ${LOGIN} }`, { env });
    expect(issuers.of('a.io')).toBe(issuers.of('b.io'));
  });

  const ACCOUNT = 'credential: { serviceAccount: { cluster: c1, namespace: ns, name: sa } }';
  test('id for what is the same credential at two registries, another for another', () => {
    const issuers = issuersOf(
      `a.io: { ${ACCOUNT} }\nb.io: { ${ACCOUNT} }\nc.io: { ${ACCOUNT.replace('sa }', 'sb }')} }`,
    );
    expect(issuers.of('a.io').id).toBe(issuers.of('b.io').id);
    expect(issuers.of('a.io').id).not.toBe(issuers.of('c.io').id);
  });

  test('id without a secret', () => {
    expect(issuersOf(`a.io: { ${LOGIN} }`, { env }).of('a.io').id).toContain('"P"');
    expect(issuersOf(`a.io: { ${LOGIN} }`, { env }).of('a.io').id).not.toContain(PASSWORD);
  });
});

describe('user name and password', () => {
  test('are read anew at each issue', async () => {
    const changing = { ...env };
    const issuer = issuersOf(`a.io: { ${LOGIN} }`, { env: changing }).of('a.io');
    expect((await issuer.issue()).secret.reveal()).toBe(PASSWORD);
    changing.P = uniqueSecret('changed');
    expect((await issuer.issue()).secret.reveal()).toBe(changing.P);
  });

  test('end when the entry says, with a warning two weeks before', async () => {
    const entry = `a.io: { credential: { username: u, password: { env: P }, expiresAt: 2027-01-31 } }`;
    const issuedAt = (date: string) =>
      issuersOf(entry, { env, now: () => Date.parse(date) })
        .of('a.io')
        .issue();
    const early = await issuedAt('2026-12-01');
    expect(early).toMatchObject({ expiresAt: new Date('2027-01-31') });
    expect(early).not.toHaveProperty('warnings');
    expect((await issuedAt('2027-01-21')).warnings).toEqual([
      'u of a.io ends in 10 days (2027-01-31T00:00:00.000Z): renew it',
    ]);
    expect((await issuedAt('2027-01-30T12:00:00Z')).warnings).toEqual([expect.stringContaining('in less than a day')]);
    await expect(issuedAt('2027-02-01')).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('ended at 2027-01-31'),
    });
  });

  test('a JWT ends by its own word, if that is earlier', async () => {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const issued = await issuersOf(`a.io: { ${LOGIN} }`, { env: { P: unsignedJwt({ exp }) } })
      .of('a.io')
      .issue();
    expect(issued.expiresAt).toEqual(new Date(exp * 1000));
  });

  test.each([
    ['a line break in the middle', { P: 'one\ntwo' }, LOGIN, /password or token has a line break/],
    ['a blank user name', { P: 'x', U: ' ' }, 'credential: { username: { env: U }, password: { env: P } }', /is empty/],
    ['a user name with a colon', env, 'credential: { username: "a:b", password: { env: P } }', /user name has a ":"/],
    [
      'a user name with a tab',
      env,
      'credential: { username: "a\\tb", password: { env: P } }',
      /user name has a line break/,
    ],
    ['an unset variable', {}, LOGIN, /P is not set/],
  ])('%s', async (_, secrets, credential, message) => {
    const issuing = issuersOf(`a.io: { ${credential} }`, { env: secrets }).of('a.io').issue();
    await expect(issuing).rejects.toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
  });
});

describe('a ServiceAccount', () => {
  const ENTRY = 'a.io: { credential: { serviceAccount: { cluster: c1, namespace: ns, name: sa } } }';
  test('its token stands under the name <token>, and ends when the cluster or the token says', async () => {
    const exp = Math.floor(Date.now() / 1000) + 1800;
    const token = new Secret(unsignedJwt({ exp }));
    const later = new Date(Date.now() + HOUR_MS);
    const request = () => Promise.resolve({ token, expiresAt: later });
    const issued = await issuersOf(ENTRY, { requestServiceAccountToken: request }).of('a.io').issue();
    expect(issued).toMatchObject({
      username: '<token>',
      secret: token,
      expiresAt: new Date(exp * 1000),
      identity: 'system:serviceaccount:ns:sa of c1',
    });
  });

  test.each([-1, 1])('its token lives as long as the cluster says, where our clock is %d h off', async (hours) => {
    const clockAt = new Date();
    const expiresAt = new Date(Math.floor(clockAt.getTime() / 1000) * 1000 + HOUR_MS);
    const token = new Secret(unsignedJwt({ exp: expiresAt.getTime() / 1000 }));
    const ours = clockAt.getTime() + hours * HOUR_MS;
    const requestServiceAccountToken = () => Promise.resolve({ token, expiresAt, clockAt });
    const issued = await issuersOf(ENTRY, { requestServiceAccountToken, now: () => ours })
      .of('a.io')
      .issue();
    expect(issued.issuedAt).toEqual(new Date(ours));
    expect(issued.expiresAt).toEqual(new Date(expiresAt.getTime() + hours * HOUR_MS));
  });

  test('without a way to clusters it says so', async () => {
    const issuing = issuersOf(ENTRY).of('a.io').issue();
    await expect(issuing).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('reaches no clusters'),
    });
  });
});

describe('the files of Docker', () => {
  const withFile = (content: object, registry = 'a.io', entry = '{}') => {
    const file = path.join(folder, 'config.json');
    writeFileSync(file, JSON.stringify(content));
    return issuersOf(entry, { authfile: file, env: { PATH: '' } })
      .of(registry)
      .issue();
  };
  const basic = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString('base64') });

  test('serve registries without an entry, and those whose entry has no credential', async () => {
    const auths = { 'a.io': basic('me', PASSWORD) };
    for (const entry of ['{}', 'a.io: { kind: harbor }']) {
      const issued = await withFile({ auths }, 'a.io', entry);
      expect(issued).toMatchObject({ username: 'me' });
      expect(issued).not.toHaveProperty('expiresAt');
      expect(issued.secret.reveal()).toBe(PASSWORD);
    }
  });

  test('one that is named', async () => {
    writeFileSync(path.join(folder, 'auth.json'), JSON.stringify({ auths: { 'a.io': basic('named', PASSWORD) } }));
    const issuers = issuersOf('a.io: { credential: { docker: { file: auth.json } } }', { homeDir: folder });
    expect(await issuers.of('a.io').issue()).toMatchObject({ username: 'named' });
  });

  test('a token of Google tells no end: it is taken for a short one', async () => {
    const issued = await withFile({ auths: { 'a.io': basic('oauth2accesstoken', PASSWORD) } });
    expect((issued.expiresAt?.getTime() ?? 0) - issued.issuedAt.getTime()).toBe(HOUR_MS / 2);
  });

  test('a token of ECR tells its end', async () => {
    const expiration = Math.floor(Date.now() / 1000) + 7200;
    const token = Buffer.from(
      JSON.stringify({ payload: 'x'.repeat(200), datakey: 'k', version: '2', type: 'DATA_KEY', expiration }),
    );
    const issued = await withFile({ auths: { 'a.io': basic('AWS', token.toString('base64')) } });
    expect(issued.expiresAt).toEqual(new Date(expiration * 1000));
  });

  test('an identity token of ACR is a password there', async () => {
    const token = unsignedJwt({ exp: Math.floor(Date.now() / 1000) + 3600 });
    const auths = { 'acme.azurecr.io': { auth: '', identitytoken: token } };
    const issued = await withFile({ auths }, 'acme.azurecr.io');
    expect(issued.username).toBe('00000000-0000-0000-0000-000000000000');
    expect(issued.secret.reveal()).toBe(token);
  });

  test.each([
    [
      'nothing for the registry',
      { auths: { 'b.io': basic('me', PASSWORD) } },
      /neither the configuration nor .*config\.json has one/,
    ],
    [
      'an identity token',
      { auths: { 'a.io': { identitytoken: PASSWORD } } },
      /identity token, which kubelets do not use/,
    ],
    [
      'a registry token',
      { auths: { 'a.io': { registrytoken: PASSWORD } } },
      /registry token, which kubelets do not use/,
    ],
    [
      "the article's file, which leaves all to a helper",
      { auths: { 'a.io': {} }, credsStore: 'nowhere' },
      /docker-credential-nowhere is not on the PATH/,
    ],
  ])('%s', async (_, content, message) => {
    const failure = await withFile(content).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(/\w+ \w+/) });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('canary');
  });

  test('a helper without a credential is named with the file that leaves it to it', async () => {
    const program = path.join(folder, 'docker-credential-empty');
    writeFileSync(program, '#!/bin/sh\necho "credentials not found in native keychain"\nexit 1\n', { mode: 0o755 });
    const file = path.join(folder, 'config.json');
    writeFileSync(file, JSON.stringify({ credsStore: 'empty', auths: { 'a.io': {} } }));
    const search = { PATH: `${folder}:${process.env['PATH']}` };
    const byFile = issuersOf('{}', { authfile: file, env: search }).of('a.io').issue();
    await expect(byFile).rejects.toMatchObject({
      message: expect.stringMatching(
        /config\.json leaves it to the helper program "empty", which has none; the file itself holds no credential/,
      ),
    });
    const byName = issuersOf('a.io: { credential: { helper: empty } }', { env: search }).of('a.io').issue();
    await expect(byName).rejects.toMatchObject({
      message: expect.stringContaining('docker-credential-empty has none for it'),
    });
  });
});

describe('what is not issued', () => {
  test.each([
    ['a.io: { credential: anonymous }', 'a.io', /its entry says anonymous/, /leave a\.io out/],
    [
      'ghcr.io: { credential: { aws: {} } }',
      'ghcr.io',
      /\{ aws: … \} does not log in to a registry of kind ghcr/,
      /ecr-login/,
    ],
    ['acme.azurecr.io: { credential: { google: {} } }', 'acme.azurecr.io', /\{ google: … \} .* kind acr/, /gcloud/],
  ])('%s', (entry, registry, message, hint) => {
    const issuers = issuersOf(entry);
    expect(() => issuers.of(registry)).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    );
  });
});
