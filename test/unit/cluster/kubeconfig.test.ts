// Kubeconfig files that cannot be used: the message says which file and what is wrong with it, never what stands there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectByKubeconfig } from '../../../shared/cluster/kubeconfig-connection.ts';
import { rejectionOf } from '../../support/rejection.ts';

const CANARY = 'canary-kubeconfig-5f1c9a';

describe('a kubeconfig', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'transship-kubeconfig-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function connect(content: string | object, context?: string) {
    const file = path.join(folder, 'config');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    const place = { cluster: 'prod', path: file, ...(context !== undefined && { context }) };
    return connectByKubeconfig(place, { env: { PATH: process.env['PATH'] }, now: () => new Date() });
  }

  function config(user: object = {}, cluster: object = { server: 'https://api.test:6443' }): object {
    return {
      'current-context': 'main',
      contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
    };
  }

  it.each([
    ['is no YAML', `users:\n- {token: "${CANARY}\n`, undefined, /line \d+ is no YAML/],
    ['is a text', CANARY, undefined, /it is no kubeconfig/],
    ['has no current context', { users: [{ name: 'u', user: { token: CANARY } }] }, undefined, /no current context/],
    ['lacks the context', config({ token: CANARY }), 'other', /other is none of its contexts/],
    ['has a list that is none', { ...config(), users: { token: CANARY } }, undefined, /users is not a list/],
    ['has an entry without a name', { ...config(), users: [{ user: { token: CANARY } }] }, undefined, /users\[0\]/],
    ['lacks the user', { ...config(), users: [] }, undefined, /u is none of its users/],
    ['has a cluster without a server', config({ token: CANARY }, {}), undefined, /has no server/],
    ['goes to plain HTTP', config({ token: CANARY }, { server: 'http://api.test' }), undefined, /not one to go to/],
    [
      'has a password in the address',
      config({}, { server: `https://u:${CANARY}@api.test` }),
      undefined,
      /not one to go/,
    ],
    [
      'names a certificate that is not there',
      config({}, { server: 'https://x', 'certificate-authority': 'no' }),
      undefined,
      /cannot be read/,
    ],
    [
      'has a login program without a command',
      config({ exec: { env: [{ name: 'A', value: CANARY }] } }),
      undefined,
      /no command/,
    ],
    [
      'has a login program that wants to talk',
      config({ exec: { command: 'x', apiVersion: 'y', interactiveMode: 'Always' } }),
      undefined,
      /somebody to talk to/,
    ],
  ])('that %s is refused', async (_name, content, context, message) => {
    const error = await rejectionOf(connect(content, context));
    expect(error).toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
    expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain(CANARY);
  });

  it('lists the contexts that there are', async () => {
    const error = await rejectionOf(connect(config(), 'other'));
    expect(error.hint).toBe('its contexts are main');
  });

  it('is not looked for elsewhere where it is named', async () => {
    const place = { cluster: 'prod', path: path.join(folder, 'missing') };
    await expect(connectByKubeconfig(place, { env: {}, now: () => new Date() })).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('missing'),
    });
  });

  it.each([
    ['user and password', { username: 'alice', password: 'pass' }, 'Basic YWxpY2U6cGFzcw=='],
    ['a token', { token: 'abc' }, 'Bearer abc'],
    ['a token before a password', { token: 'abc', username: 'alice', password: 'pass' }, 'Bearer abc'],
  ])('logs in by %s', async (_name, user, header) => {
    const connection = await connect(config(user));
    expect((await connection.identity()).authorization?.reveal()).toBe(header);
  });

  it('keeps the path of an address, and the names and trust that it wants', async () => {
    const cluster = {
      server: 'https://rancher.test/k8s/clusters/c-1',
      'tls-server-name': 'api.test',
      'insecure-skip-tls-verify': true,
      'proxy-url': 'http://proxy.test:3128',
      'certificate-authority-data': Buffer.from('PEM').toString('base64'),
    };
    const connection = await connect(config({}, cluster));
    expect(connection).toMatchObject({
      server: new URL('https://rancher.test/k8s/clusters/c-1'),
      serverName: 'api.test',
      isUnverified: true,
      certificateAuthorities: ['PEM'],
    });
    expect(connection.proxy?.reveal()).toBe('http://proxy.test:3128');
  });

  describe('with a login program', () => {
    const API = 'client.authentication.k8s.io/v1';
    const exec = (script: string, more: object = {}) =>
      config({ exec: { apiVersion: API, command: 'sh', args: ['-c', script], ...more } });
    const answer = (status: object, apiVersion = API) =>
      `echo '${JSON.stringify({ apiVersion, kind: 'ExecCredential', status })}'`;

    it.each([
      ['fails', 'echo no such profile >&2; exit 3', /ended with exit code 3: no such profile/],
      ['fails with a secret in its words', `echo "token: ${CANARY}" >&2; exit 1`, /ended with exit code 1/],
      ['prints something else', `echo ${CANARY}`, /something else than an ExecCredential/],
      ['prints another kind', `echo '{"kind":"X","token":"${CANARY}"}'`, /something else/],
      ['prints another version', answer({ token: CANARY }, 'client.authentication.k8s.io/v1alpha1'), /another version/],
      ['gives nothing', answer({}), /neither a token nor a client certificate/],
      ['gives a certificate without a key', answer({ clientCertificateData: CANARY }), /neither/],
    ])('that %s, the error says so and shows no secret', async (_name, script, message) => {
      const connection = await connect(exec(script));
      const error = await rejectionOf(connection.identity());
      expect(error).toMatchObject({ code: 'credential-helper-failed', message: expect.stringMatching(message) });
      expect(error.message).toMatch(/^cluster prod: the login program sh of its kubeconfig /);
      expect(error.message).not.toContain(CANARY);
    });

    it('that is not there, the error says how to get it', async () => {
      const missing = { apiVersion: API, command: 'transship-no-such-program', installHint: 'install it from x' };
      const connection = await connect(config({ exec: missing }));
      const error = await rejectionOf(connection.identity());
      expect(error).toMatchObject({ message: expect.stringContaining('is not there'), hint: 'install it from x' });
    });

    it('takes the end of the token from it', async () => {
      const expirationTimestamp = '2099-01-01T00:00:00Z';
      const connection = await connect(exec(answer({ token: 't', expirationTimestamp })));
      expect((await connection.identity()).expiresAt).toEqual(new Date(expirationTimestamp));
    });
  });
});
