// The ways to a real API server: kubeconfig with each of its logins, the files of a Pod, and a cloud's login.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudLogins } from '../../../shared/cluster/cloud-login.ts';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { openCluster, type OpenClusterOptions } from '../../../shared/cluster/open-cluster.ts';
import type { ClusterConfig } from '../../../shared/config/config.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { isKubernetesMissing, kubeconfig, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { startSocksProxy } from '../../support/socks-proxy.ts';

// where kube-apiserver and etcd can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing())('a real API server', () => {
  let kubernetes: Kubernetes;
  let files = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ users: { alice: ['readers'], bob: [] } });
  });
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  function newFile(name: string, content: string, mode = 0o600): string {
    const folder = path.join(kubernetes.folder, `files-${++files}`);
    mkdirSync(folder);
    const file = path.join(folder, name);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  }

  const kubeconfigFile = (user: object): string =>
    newFile('config', JSON.stringify(kubeconfig(kubernetes.server, kubernetes.caFile, 'user', user)));

  function open(way: object, options: Partial<OpenClusterOptions> = {}) {
    return openCluster({ name: 'test', limits: {}, ...way } as ClusterConfig, {
      env: { PATH: process.env['PATH'] },
      userAgent: 'transship/test',
      readSecret: () => Promise.reject(new Error('nothing to read')),
      ...options,
    });
  }

  /** Who the API server says that we are. */
  async function whoAmI(opening: Promise<Cluster>): Promise<{ username: string; groups?: string[] }> {
    const cluster = await opening;
    try {
      const [apiVersion, kind] = ['authentication.k8s.io/v1', 'SelfSubjectReview'];
      const answer = await cluster.send({
        method: 'POST',
        path: `/apis/${apiVersion}/selfsubjectreviews`,
        body: { apiVersion, kind },
      });
      return (answer as { status: { userInfo: { username: string; groups?: string[] } } }).status.userInfo;
    } finally {
      await cluster.close();
    }
  }

  const byKubeconfig = (user: object, options?: Partial<OpenClusterOptions>) =>
    whoAmI(open({ kubeconfig: { path: kubeconfigFile(user) } }, options));

  describe('by a kubeconfig', () => {
    it('with a token', async () => {
      expect(await byKubeconfig({ token: kubernetes.tokenOf('alice') })).toMatchObject({ username: 'alice' });
    });

    it('with a file that holds the token, relative to the kubeconfig, and read anew', async () => {
      const file = kubeconfigFile({ tokenFile: 'token' });
      writeFileSync(path.join(path.dirname(file), 'token'), `${kubernetes.tokenOf('alice')}\n`);
      const cluster = await open({ kubeconfig: { path: file } });
      const again = Object.assign(Promise.resolve(cluster), {});
      writeFileSync(path.join(path.dirname(file), 'token'), `${kubernetes.tokenOf('bob')}\n`);
      expect(await whoAmI(again)).toMatchObject({ username: 'bob' });
    });

    it('with a client certificate, in files and in the kubeconfig itself', async () => {
      const { certificateFile, keyFile } = kubernetes.clients.issue('carol');
      const named = { 'client-certificate': certificateFile, 'client-key': keyFile };
      expect(await byKubeconfig(named)).toMatchObject({ username: 'carol' });
      const data = {
        'client-certificate-data': readFileSync(certificateFile, 'base64'),
        'client-key-data': readFileSync(keyFile, 'base64'),
      };
      expect(await byKubeconfig(data)).toMatchObject({ username: 'carol' });
    });

    it('with a login program, which is asked once and told what it wants to know', async () => {
      const script = newFile('login', LOGIN, 0o755);
      const log = path.join(path.dirname(script), 'log');
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: script,
        args: ['arg'],
        env: [{ name: 'TOKEN', value: kubernetes.tokenOf('alice') }],
        interactiveMode: 'Never',
        provideClusterInfo: true,
      };
      const cluster = await open({ kubeconfig: { path: kubeconfigFile({ exec }) } });
      const send = () => cluster.send({ method: 'GET', path: '/version' });
      await Promise.all([send(), send(), send()]);
      await send();
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        kind: 'ExecCredential',
        spec: { interactive: false, cluster: { server: expect.stringContaining('127.0.0.1') } },
      });
      expect(await whoAmI(Promise.resolve(cluster))).toMatchObject({ username: 'alice' });
    });

    it('with a login program that gives a client certificate', async () => {
      const { certificateFile, keyFile } = kubernetes.clients.issue('dora');
      const status = {
        clientCertificateData: readFileSync(certificateFile, 'utf8'),
        clientKeyData: readFileSync(keyFile, 'utf8'),
      };
      const apiVersion = 'client.authentication.k8s.io/v1beta1';
      const answer = newFile('answer', JSON.stringify({ apiVersion, kind: 'ExecCredential', status }));
      const exec = { apiVersion, command: 'cat', args: [answer] };
      expect(await byKubeconfig({ exec })).toMatchObject({ username: 'dora' });
    });

    it('with a login program whose token is refused: it is asked once more', async () => {
      const script = newFile('login', LOGIN, 0o755);
      const tokens = path.join(path.dirname(script), 'tokens');
      writeFileSync(tokens, `canary-stale-token\n${kubernetes.tokenOf('alice')}\n`);
      const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: script };
      expect(await byKubeconfig({ exec })).toMatchObject({ username: 'alice' });
    });

    it('as somebody else', async () => {
      const user = { token: kubernetes.tokenOf('admin'), as: 'eve', 'as-groups': ['one', 'two'] };
      expect(await byKubeconfig(user)).toMatchObject({
        username: 'eve',
        groups: ['one', 'two', 'system:authenticated'],
      });
    });

    it('of several, by the context that is named', async () => {
      const first = newFile(
        'a',
        JSON.stringify({ contexts: [{ name: 'other', context: { cluster: 'c', user: 'bob' } }] }),
      );
      const second = kubeconfigFile({ token: kubernetes.tokenOf('alice') });
      const third = newFile(
        'c',
        JSON.stringify({
          'current-context': 'not this one',
          clusters: [{ name: 'c', cluster: { server: kubernetes.server, 'certificate-authority': kubernetes.caFile } }],
          // the first of a name wins
          users: [
            { name: 'user', user: { token: 'canary-wrong' } },
            { name: 'bob', user: { token: kubernetes.tokenOf('bob') } },
          ],
        }),
      );
      const env = { KUBECONFIG: [first, '/nonexistent/config', second, third].join(path.delimiter) };
      expect(await whoAmI(open({ kubeconfig: {} }, { env }))).toMatchObject({ username: 'alice' });
      expect(await whoAmI(open({ kubeconfig: { context: 'other' } }, { env }))).toMatchObject({ username: 'bob' });
    });

    it('of the home folder', async () => {
      const home = path.dirname(newFile('x', ''));
      mkdirSync(path.join(home, '.kube'));
      const config = kubeconfig(kubernetes.server, kubernetes.caFile, 'user', { token: kubernetes.tokenOf('bob') });
      writeFileSync(path.join(home, '.kube', 'config'), JSON.stringify(config));
      expect(await whoAmI(open({ kubeconfig: {} }, { env: { HOME: home } }))).toMatchObject({ username: 'bob' });
    });

    const throughProxy = (url: string | undefined, options?: Partial<OpenClusterOptions>, more: object = {}) => {
      const { server, caFile } = kubernetes;
      const cluster = { server, 'certificate-authority': caFile, 'proxy-url': url, ...more };
      const config = {
        ...kubeconfig(server, caFile, 'user', { token: kubernetes.tokenOf('alice') }),
        clusters: [{ name: 'test', cluster }],
      };
      return whoAmI(open({ kubeconfig: { path: newFile('config', JSON.stringify(config)) } }, options));
    };

    it.each([
      ['SOCKS proxy', startSocksProxy],
      ['HTTP proxy', startConnectProxy],
    ])('through the %s that it names', async (_name, start) => {
      await using proxy = await start();
      const proxyFor = (): string => 'http://not-this-one.test';
      expect(await throughProxy(proxy.url, { proxyFor })).toMatchObject({ username: 'alice' });
      expect(proxy.targets).toEqual([new URL(kubernetes.server).host]);
    });

    it('through a SOCKS proxy that alone knows its name', async () => {
      const routes = { 'api.cluster.test:6443': new URL(kubernetes.server).host };
      await using proxy = await startSocksProxy({ routes });
      const named = { server: 'https://api.cluster.test:6443', 'tls-server-name': 'kubernetes' };
      expect(await throughProxy(proxy.url, {}, named)).toMatchObject({ username: 'alice' });
      expect(proxy.targets).toEqual(['api.cluster.test:6443']);
    });

    it('through a proxy that wants another login: not at all, and the error says whose fault it is', async () => {
      await using proxy = await startConnectProxy({ login: 'somebody:else' });
      const error = await rejectionOf(throughProxy(proxy.url.replace('somebody:else', 'mallory:pa55word')));
      expect(error).toMatchObject({ code: 'connection-failed', message: expect.stringContaining('(status 407)') });
      expect(error.hint).toMatch(/proxy-url.*HTTPS_PROXY.*NO_PROXY/);
      expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toMatch(
        /mallory|pa55/,
      );
    });

    it('through a SOCKS proxy to a server of another name: not at all', async () => {
      await using proxy = await startSocksProxy();
      const error = await rejectionOf(throughProxy(proxy.url, {}, { 'tls-server-name': 'other.test' }));
      expect(error).toMatchObject({ code: 'tls-failed' });
    });

    it('through the proxy that the environment names for its server', async () => {
      await using proxy = await startConnectProxy();
      const asked: string[] = [];
      const proxyFor = ({ href }: URL): string => {
        asked.push(href);
        return proxy.url;
      };
      expect(await throughProxy(undefined, { proxyFor })).toMatchObject({ username: 'alice' });
      expect(proxy.targets).toEqual([new URL(kubernetes.server).host]);
      expect(asked).toEqual([`${kubernetes.server}/`]);
    });

    it('with the id token of an auth-provider', async () => {
      // nobody checks it here: it only has to look like one that is still good
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const idToken = `${part({ alg: 'none' })}.${part({ exp: 4_000_000_000 })}.canary`;
      const config = {
        'client-id': 'x',
        'id-token': idToken,
        'idp-issuer-url': 'https://issuer.test',
        'refresh-token': 'canary-refresh',
      };
      const error = await rejectionOf(byKubeconfig({ 'auth-provider': { name: 'oidc', config } }));
      expect(error).toMatchObject({ code: 'unauthorized', details: { status: 401 } });
    });

    it('with an auth-provider that gives nothing, of which nothing is told', async () => {
      const config = {
        'client-id': 'x',
        'client-secret': 'canary-client',
        'id-token': 'canary',
        'idp-issuer-url': 'no',
      };
      const error = await rejectionOf(byKubeconfig({ 'auth-provider': { name: 'oidc', config } }));
      expect(error.code).toMatch(/^(credential-helper-failed|unauthorized)$/);
      expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain('canary');
    });

    it('does not trust a server with a certificate of another authority', async () => {
      const config = kubeconfig(kubernetes.server, kubernetes.clients.caFile, 'user', { token: 'canary-token' });
      const file = newFile('config', JSON.stringify(config));
      const error = await rejectionOf(whoAmI(open({ kubeconfig: { path: file } })));
      expect(error).toMatchObject({ code: 'tls-failed', hint: expect.stringContaining('certificate authority') });
    });
  });

  describe('from a Pod', () => {
    it('by the token that is mounted, as it is now', async () => {
      const token = newFile('token', kubernetes.tokenOf('alice'));
      const serviceAccountFolder = path.dirname(token);
      writeFileSync(path.join(serviceAccountFolder, 'ca.crt'), kubernetes.ca);
      const { hostname, port } = new URL(kubernetes.server);
      const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
      const cluster = await open({ inCluster: {} }, { env, serviceAccountFolder });
      await cluster.send({ method: 'GET', path: '/version' });
      writeFileSync(token, `${kubernetes.tokenOf('bob')}\n`);
      expect(await whoAmI(Promise.resolve(cluster))).toMatchObject({ username: 'bob' });
    });

    it('says where there is no Pod', async () => {
      const error = await rejectionOf(open({ inCluster: {} }));
      expect(error).toMatchObject({ code: 'invalid-config', hint: expect.stringContaining('kubeconfig') });
    });
  });

  it('by a login of a cloud, whose token is kept until shortly before its end', async () => {
    let now = new Date();
    const given: string[] = [];
    const logins: CloudLogins = {
      eks: ({ cluster }) =>
        Promise.resolve({
          server: kubernetes.server,
          certificateAuthority: kubernetes.ca,
          token() {
            given.push(cluster);
            const expiresAt = new Date(now.getTime() + 14 * 60_000);
            return Promise.resolve({ token: new Secret(kubernetes.tokenOf('alice')), expiresAt });
          },
        }),
    };
    const eks = { region: 'eu-west-1', cluster: 'prod' };
    const cluster = await open({ eks }, { logins, now: () => now });
    const send = () => cluster.send({ method: 'GET', path: '/version' });
    await Promise.all([send(), send()]);
    expect(given).toEqual(['prod']);
    now = new Date(now.getTime() + 12 * 60_000);
    await send();
    expect(given).toHaveLength(1);
    now = new Date(now.getTime() + 90_000);
    expect(await whoAmI(Promise.resolve(cluster))).toMatchObject({ username: 'alice' });
    expect(given).toHaveLength(2);
  });

  it('of a cloud that nobody knows is refused when it is asked', async () => {
    const cluster = await open({ gke: { project: 'p', location: 'l', cluster: 'c' } });
    await expect(cluster.send({ method: 'GET', path: '/version' })).rejects.toMatchObject({ code: 'invalid-config' });
    await cluster.close();
  });
});

/** Logs what it was told, and gives the token of its environment or the next one of a file. */
const LOGIN = `#!/bin/sh
folder=$(dirname "$0")
echo "$KUBERNETES_EXEC_INFO" >>"$folder/log"
if [ -e "$folder/tokens" ]; then
  TOKEN=$(head -n 1 "$folder/tokens")
  tail -n +2 "$folder/tokens" >"$folder/rest" && mv "$folder/rest" "$folder/tokens"
fi
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$TOKEN'"}}'
`;
