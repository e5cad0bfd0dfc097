// `transship credentials`: verdicts about pull Secrets in files, policies for AWS, and what is told of a wrong scope. Clusters are looked at
// by the tests with a real API server.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { main } from '../../../infra/cli/main.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { captureIo } from '../../support/captured-io.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-cli-credentials-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = `version: 1
registries:
  123456789012.dkr.ecr.eu-west-1.amazonaws.com: { credential: { aws: { roleArn: "arn:aws:iam::123456789012:role/pull" } } }
  harbor.acme.io: { credential: { username: a, password: { env: B } } }
clusters: [{ name: prod, kubeconfig: { path: ./none } }, { name: dev, kubeconfig: { path: ./none } }]
credentials:
  - name: pull
    clusters: [prod]
    namespaces: { all: true }
    registries: [123456789012.dkr.ecr.eu-west-1.amazonaws.com, harbor.acme.io]
    secret: { name: registry-pull }
`;

async function run(files: Readonly<Record<string, string>>, ...words: string[]) {
  for (const [name, text] of Object.entries({ 'transship.yaml': CONFIG, ...files })) {
    writeFileSync(path.join(folder, name), text);
  }
  const io = captureIo({ env: { HOME: folder } });
  const placed = words.map((word) => (word in files ? path.join(folder, word) : word));
  const exitCode = await main([...placed, '-c', path.join(folder, 'transship.yaml')], io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

const encode = (text: string) => Buffer.from(text).toString('base64');
const GOOD = JSON.stringify({ auths: { 'h.io': { auth: encode('user:canary-file-5d1c') } } });
const secret = (data: string, type = 'kubernetes.io/dockerconfigjson') =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: pull, namespace: team }\ntype: ${type}\n${data}\n`;

// https://kubernetes.io/docs/concepts/containers/images/#creating-a-secret-with-a-docker-config has words of no meaning in its example
const ARTICLE = secret(
  'data: { .dockerconfigjson: UmVhbGx5IHJlYWxseSByZWVlZWVlZWVlZWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGxsbGx5eXl5eXl5eXl5eXl5eXl5eXl5eSBsbGxsbGxsbGxsbGxsbG9vb29vb29vb29vb29vb29vb29vb29vb29vb25ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5nZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2cgYXV0aCBrZXlzCg== }',
);

const FILES: readonly [why: string, text: string, exitCode: number, told: string][] = [
  ['a good Secret', secret(`data: { .dockerconfigjson: ${encode(GOOD)} }`), 0, 'team/pull: a kubelet reads it'],
  ['a good Secret with plain data', secret(`stringData: { .dockerconfigjson: '${GOOD}' }`), 0, 'a kubelet reads it'],
  ['the Secret of the Kubernetes article', ARTICLE, 1, 'error PS-3  .dockerconfigjson is not valid JSON'],
  [
    'a Secret of another type',
    secret(`data: { .dockerconfigjson: ${encode(GOOD)} }`, 'Opaque'),
    1,
    'its type is Opaque',
  ],
  ['a Secret that was encoded twice', secret(`data: { .dockerconfigjson: ${encode(encode(GOOD))} }`), 1, 'twice'],
  ['a config.json', GOOD, 0, 'a kubelet reads it'],
  ['a config.json whose credentials are elsewhere', '{"auths":{"h.io":{}},"credsStore":"desktop"}', 1, 'error PS-'],
  ['something else', 'what is this', 1, 'not valid JSON'],
  [
    'a list of Secrets',
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ kind: 'Secret', metadata: { name: 'a' } }] }),
    1,
    'a:',
  ],
];

test.each(FILES)('%s', async (_, text, exitCode, told) => {
  const answer = await run({ 'secret.yaml': text }, 'credentials', 'test', 'secret.yaml');
  expect(answer).toMatchObject({ exitCode, stdout: expect.stringContaining(told), stderr: '' });
  expect(answer.stdout).not.toContain('canary-file');
});

test('an image for which a Secret has nothing', async () => {
  const file = { 'secret.yaml': secret(`data: { .dockerconfigjson: ${encode(GOOD)} }`) };
  expect(await run(file, 'credentials', 'test', 'secret.yaml', 'h.io/team/app:1')).toMatchObject({ exitCode: 0 });
  const other = await run(file, 'credentials', 'test', 'secret.yaml', 'other.io/team/app:1', '--json');
  expect(other.exitCode).toBe(1);
  expect(other.stdout).toMatch(/^\{"type":"finding","secret":"team\/pull","code":"PS-\d+","severity":"error"/);
  expect(other.stdout).toMatch(/\{"type":"report","secrets":1,"errors":1\}\n$/);
});

test.each([
  [['credentials', 'test', 'none.yaml'], "none.yaml can't be read"],
  [['credentials', 'test', 'secret.yaml', '--live'], '--live needs an image'],
  [['credentials', 'plan', '--cluster', 'prd'], 'no rule speaks of a cluster "prd"'],
  [['credentials', 'list', '--rule', 'pul'], 'there is no rule of credentials "pul"'],
  [['credentials', 'refresh', '--cluster', 'dev'], 'no rule speaks of a cluster "dev"'],
  [['cluster', 'manifests'], 'there are several clusters'],
  [['cluster', 'url'], 'there are several clusters'],
  [['cluster', 'url', 'prd'], 'there is no cluster "prd"'],
  [['cluster', 'url', 'prod', '--base', 'here'], 'is not an address'],
  [['cluster', 'manifests', 'dev'], 'no rule of credentials and no grant speaks of the cluster dev'],
  [['cluster', 'manifests', 'prod', '--user', 'a', '--group', 'b'], 'Transship is one subject'],
  [['cluster', 'manifests', 'prod', '--service-account', 'a'], '"a" is not a ServiceAccount'],
  [['cluster', 'manifests', 'prod', '--admission', 'http://h'], 'is no https address'],
  [['cluster', 'manifests', 'prod', '--attach', 'webhook'], '--attach webhook needs the address'],
  [['cluster', 'manifests', 'prod', '--mode', 'namespaced'], 'does not name its Namespaces one by one'],
  [['cluster', 'manifests', 'prod', '--deployment', 'i', '--user', 'a'], 'a Pod of the cluster is a ServiceAccount'],
])('%j is refused', async (words, message) => {
  const { exitCode, stderr, stdout } = await run({}, ...words);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/^transship: .*\nhint: ./);
  expect(stderr).toContain(message);
});

test('the address for events of a cluster has its token, of the master key that serve has', async () => {
  const masterKey = `canary-master-key-${crypto.randomUUID()}`;
  const files = { 'master.key': masterKey, 'transship.yaml': `${CONFIG}masterKey: { file: ./master.key }\n` };
  const senders = openClusterSenders(
    { clusters: [{ name: 'prod', inCluster: {}, limits: {} }] },
    new Secret(masterKey),
  );
  const address = `https://t.example.com/k8s/events/prod/${senders.pathTokenOf('prod')}`;
  const words = ['cluster', 'url', 'prod', '--base', 'https://t.example.com/'];
  expect(await run(files, ...words)).toEqual({ exitCode: 0, stdout: `${address}\n`, stderr: '' });
  expect(JSON.parse((await run(files, ...words, '--json')).stdout)).toEqual({
    type: 'report',
    cluster: 'prod',
    url: address,
  });
});

test('a policy for AWS names the repositories, and only what pulls', async () => {
  const { stdout, stderr } = await run({}, 'credentials', 'iam-policy');
  expect(JSON.parse(stdout).Statement).toMatchObject([
    { Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
    {
      Action: expect.arrayContaining(['ecr:BatchGetImage']),
      Resource: ['arn:aws:ecr:eu-west-1:123456789012:repository/*'],
    },
  ]);
  expect(stderr).toContain('--assume');
  const assume = await run({}, 'credentials', 'iam-policy', '--assume');
  expect(JSON.parse(assume.stdout).Statement).toMatchObject([
    { Action: ['sts:AssumeRole'], Resource: ['arn:aws:iam::123456789012:role/pull'] },
  ]);
  const one = await run(
    {},
    'credentials',
    'iam-policy',
    '--registry',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/team/*',
    '--json',
  );
  expect(JSON.parse(one.stdout).pull.Statement[1].Resource).toEqual([
    'arn:aws:ecr:us-east-1:123456789012:repository/team/*',
  ]);
  expect(await run({}, 'credentials', 'iam-policy', '--registry', 'ghcr.io')).toMatchObject({ exitCode: 2 });
});
