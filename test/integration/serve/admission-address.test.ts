// The address for API servers: TLS of its own, certificates of API servers where they are asked for, and nothing but the routes for
// clusters. The cluster itself is not there, which is no reason for the server not to be ready.
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAuthority, type Authority, type KeyPair } from '../../support/certificates.ts';
import { freePort } from '../../support/servers.ts';
import { serveBed, startServe, until, type ServeBed, type ServeProcess } from '../../support/serve-process.ts';

/** By an alert, or by a connection that ends before the alert is read. */
const REFUSED = /certificate required|unknown ca|ECONNRESET|EPIPE|socket hang up/i;

let bed: ServeBed;
let server: ServeProcess & AsyncDisposable;
let authority: Authority;
let client: KeyPair;
let stranger: KeyPair;
let port: number;

beforeAll(async () => {
  bed = await serveBed();
  authority = createAuthority(bed.folder);
  client = authority.issue('kube-apiserver');
  const elsewhere = await serveBed();
  stranger = createAuthority(elsewhere.folder, 'another authority').issue('stranger');
  for (const file of ['certificateFile', 'keyFile'] as const) {
    const copy = path.join(bed.folder, path.basename(stranger[file]));
    writeFileSync(copy, readFileSync(stranger[file]));
    stranger = { ...stranger, [file]: copy };
  }
  await elsewhere[Symbol.asyncDispose]();
  port = await freePort();
  writeCertificate(authority.issue('first'));
  writeConfig();
  server = await startServe(bed, { env: { TEST_PASSWORD: `canary-${crypto.randomUUID()}` } });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await bed?.[Symbol.asyncDispose]();
});

const file = (name: string): string => path.join(bed.folder, name);

function writeCertificate({ certificateFile, keyFile }: KeyPair): void {
  writeFileSync(file('server.key'), readFileSync(keyFile));
  writeFileSync(file('server.pem'), readFileSync(certificateFile));
}

function writeConfig(more: object = {}): void {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'gone',
    contexts: [{ name: 'gone', context: { cluster: 'gone', user: 'gone' } }],
    clusters: [{ name: 'gone', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'gone', user: { token: `canary-${crypto.randomUUID()}` } }],
  };
  writeFileSync(file('kubeconfig'), JSON.stringify(kubeconfig));
  bed.write({
    registries: { 'registry.example.com': { credential: { username: 'bob', password: { env: 'TEST_PASSWORD' } } } },
    clusters: [{ name: 'prod', kubeconfig: { path: file('kubeconfig') } }],
    credentials: [
      {
        name: 'pull',
        clusters: ['prod'],
        namespaces: { names: ['team-*'] },
        registries: ['registry.example.com'],
        secret: { name: 'pull' },
        verify: false,
      },
    ],
    api: {
      listen: `127.0.0.1:${bed.port}`,
      admission: {
        listen: `127.0.0.1:${port}`,
        tls: {
          certificate: { file: file('server.pem') },
          key: { file: file('server.key') },
          clientCa: { file: authority.caFile },
        },
      },
    },
    ...more,
  });
}

type Answer = { status: number; body: string; subject: string };

/** One request over a connection of its own. */
async function ask(
  route: string,
  { method = 'POST', by }: { method?: string; by?: KeyPair | 'nobody' } = {},
): Promise<Answer> {
  const review = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: '1', operation: 'CREATE', resource: { resource: 'namespaces' }, name: 'team-a', object: {} },
  };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const shown = by ?? client;
  const pair =
    shown === 'nobody' ? {} : { cert: readFileSync(shown.certificateFile), key: readFileSync(shown.keyFile) };
  const headers = { 'content-type': 'application/json' };
  const options = { method, headers, ca: authority.ca, agent: false, ...pair } as const;
  const request = https.request(`https://127.0.0.1:${port}${route}`, options, (answer) => {
    const { socket } = answer;
    const subject = 'getPeerCertificate' in socket ? JSON.stringify((socket as TlsSocket).getPeerCertificate()) : '';
    text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body, subject }), reject);
  });
  request.on('error', reject);
  request.end(method === 'POST' ? JSON.stringify(review) : undefined);
  return promise;
}

type TlsSocket = { getPeerCertificate(): { subject?: { CN?: string } } };

it('answers an API server with a certificate, without a token', async () => {
  for (const route of ['/k8s/admission', '/k8s/admission/prod']) {
    const { status, body } = await ask(route);
    expect([route, status, JSON.parse(body)]).toMatchObject([route, 200, { response: { allowed: true } }]);
  }
  expect((await ask('/k8s/admission/elsewhere')).status).toBe(401);
});

it('lets nobody in without one, or with one of somebody else', async () => {
  await expect(ask('/k8s/admission', { by: 'nobody' })).rejects.toThrow(REFUSED);
  await expect(ask('/k8s/admission', { by: stranger })).rejects.toThrow(REFUSED);
});

it('has no other routes', async () => {
  for (const route of ['/livez', '/readyz', '/metrics', '/v1/jobs', '/docs']) {
    expect([route, (await ask(route, { method: 'GET' })).status]).toEqual([route, 404]);
  }
});

it('takes no certificate for a proof at the address for everybody', async () => {
  const answer = await fetch(`${server.url}/k8s/admission/prod`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(401);
});

it('is ready though its cluster is not there, says so quietly, and goes on with metrics', async () => {
  await server.line('a cluster cannot be watched');
  expect((await server.api('/readyz')).status).toBe(200);
  expect((await server.api('/metrics')).status).toBe(200);
  expect(server.log.filter(({ msg }) => msg === 'a cluster cannot be watched').length).toBeLessThanOrEqual(2);
});

it('takes over another certificate without a restart, and tells what needs one', async () => {
  writeCertificate(authority.issue('second'));
  await until(async () => (await ask('/k8s/admission')).subject.includes('"second"'));
  await expect(ask('/k8s/admission', { by: 'nobody' })).rejects.toThrow(REFUSED);
  const before = server.log.length;
  writeConfig({ api: { listen: `127.0.0.1:${bed.port}` } });
  expect(await server.line('this change needs a restart', before)).toMatchObject({ key: 'api.admission' });
  expect((await ask('/k8s/admission')).status).toBe(200);
});
