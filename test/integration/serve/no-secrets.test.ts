// No credential of a whole server comes to light: it issues, refuses, copies and fails against servers that repeat all that they were sent,
// and then everything that can be read of it is searched: log, answers, jobs, metrics, Events, marks in the cluster, and the data folder.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { startGithub } from '../../support/issuers/github.ts';
import { startGitlab } from '../../support/issuers/gitlab.ts';
import { startQuay } from '../../support/issuers/quay.ts';
import { uniqueSecret } from '../../support/issuers/secrets.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { notification, serveBed, startServe, until } from '../../support/serve-process.ts';

const USER = 'canary';
const env = {
  MASTER_KEY: uniqueSecret('master-key'),
  GOOD: uniqueSecret('good'),
  ECHOED: uniqueSecret('echoed'),
  WEBHOOK: uniqueSecret('webhook'),
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: uniqueSecret('aws'),
  AWS_SESSION_TOKEN: uniqueSecret('aws-session'),
};

let kubernetes: Kubernetes;

// needs the binaries of Kubernetes
describe.skipIf(isKubernetesMissing())('a server', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ users: { [USER]: ['system:masters'] }, hasControllers: true });
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  it('lets no credential come to light, whatever it is told by whom', async () => {
    await using opened = new AsyncDisposableStack();
    const bed = opened.use(await serveBed());
    const good = await startRegistry({ auth: { kind: 'token', users: { bob: env.GOOD } } });
    opened.defer(() => good.stop());
    const { digest } = await plantSimpleImage({ registry: good, repository: 'team/app' }, { tag: 'v1', layers: ['a'] });
    const [echo, echoGitlab, echoGithub, echoQuay, echoEcr] = await Promise.all(
      Array.from({ length: 5 }, async () => opened.use(await startEcho())),
    );
    const aws = opened.use(await startEcho());
    const [github, gitlab, quay] = [await startGithub(), await startGitlab(), await startQuay()];
    for (const fake of [github, gitlab, quay]) opened.use(fake);
    quay.fault = 500;
    const app = { appId: github.appId, installationId: github.installationId, api: github.url };
    const password = (name: string) => ({ username: 'bob', password: { env: name } });
    const registries = {
      [good.host]: { plainHttp: true, probe: 'team/app', credential: password('GOOD') },
      [echo!.host]: { plainHttp: true, probe: 'team/app', credential: password('ECHOED') },
      [echoGitlab!.host]: {
        kind: 'gitlab',
        plainHttp: true,
        credential: { gitlabDeployToken: { group: 'acme/team', token: { env: 'GITLAB' }, api: gitlab.url } },
      },
      [echoGithub!.host]: {
        kind: 'ghcr',
        plainHttp: true,
        credential: { githubApp: { ...app, privateKey: { env: 'GITHUB' } } },
      },
      [echoQuay!.host]: {
        kind: 'quay',
        plainHttp: true,
        credential: { quayRobot: { robot: quay.robot, token: { env: 'QUAY' } } },
      },
      [echoEcr!.host]: { kind: 'ecr', plainHttp: true, credential: { aws: { region: 'eu-west-1' } } },
    };
    const rule = { clusters: ['test'], namespaces: { names: ['n-*'] }, serviceAccounts: ['default'] };
    bed.write({
      masterKey: { env: 'MASTER_KEY' },
      registries,
      clusters: [{ name: 'test', kubeconfig: { path: kubernetes.kubeconfigOf(USER) } }],
      credentials: Object.keys(registries).map((registry, index) => ({
        ...rule,
        name: `pull-${index}`,
        registries: [registry],
        secret: { name: `pull-${index}` },
      })),
      mirrors: [{ name: 'app', from: `${good.host}/team/app`, to: [`${echo!.host}/m/{name}`], schedule: 'off' }],
      receivers: [
        {
          id: 'src',
          kind: 'distribution',
          registry: good.host,
          auth: { mode: 'header', name: 'authorization', secrets: [{ env: 'WEBHOOK' }] },
        },
      ],
    });
    await kubernetes.kubectl(['create', 'namespace', 'n-canary']);
    const server = opened.use(
      await startServe(bed, {
        args: ['--json', '--log-level', 'debug'],
        env: {
          ...env,
          GITHUB: github.privateKey,
          GITLAB: gitlab.token,
          QUAY: quay.subject,
          AWS_ENDPOINT_URL: aws.url,
          AWS_MAX_ATTEMPTS: '1',
        },
      }),
    );
    const told: unknown[] = [];
    const ask = async (route: string, method?: string, json?: unknown): Promise<unknown> => {
      const { body } = await server.api(route, method, json);
      told.push(body);
      return body;
    };

    const push = notification({ host: good.host, repository: 'team/app', tag: 'v1', digest });
    for (const secret of [env.WEBHOOK, `${env.WEBHOOK}-wrong`]) {
      const headers = { 'content-type': 'application/vnd.docker.distribution.events.v1+json', authorization: secret };
      const answer = await fetch(`${server.url}/hooks/distribution/src`, { method: 'POST', body: push, headers });
      told.push(await answer.text(), [...answer.headers]);
    }
    await until(async () =>
      (await kubernetes.kubectl(['get', 'secrets', '-n', 'n-canary', '-o', 'name'])).includes('pull-0'),
    );
    await ask('/v1/credentials/refresh', 'POST', { force: true });
    await until(() => [aws, echo!, echoGitlab!, echoGithub!].every(({ requests }) => requests.length > 0));
    await until(async () => JSON.stringify(await ask('/v1/credentials')).includes('"state"'));
    for (const route of ['/v1/registries', '/v1/mirrors', '/v1/receivers', '/v1/status', '/metrics', '/openapi.json']) {
      await ask(route);
    }
    const jobs = Object(await ask('/v1/jobs'));
    const ids = [...JSON.stringify(jobs).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id);
    for (const id of new Set(ids)) await ask(`/v1/jobs/${id}`);

    // of Secrets their marks alone
    const metadata = ['get', 'secrets', '-A', '-o', 'jsonpath={.items[*].metadata}'];
    told.push(await kubernetes.kubectl(metadata));
    for (const kind of ['events', 'namespaces', 'serviceaccounts']) {
      told.push(await kubernetes.kubectl(['get', kind, '-A', '-o', 'json']));
    }
    told.push(await readFile(path.join(kubernetes.folder, 'audit.log'), 'utf8'));
    await server.end('SIGTERM');
    told.push(server.log);
    const dataDir = path.join(bed.folder, 'data');
    for (const name of await readdir(dataDir)) {
      told.push(await readFile(path.join(dataDir, name), 'latin1').catch(() => ''));
    }

    const text = told.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
    for (const host of Object.keys(registries)) expect(text).toContain(host);
    expect(ids.length).toBeGreaterThan(0);
    const { AWS_ACCESS_KEY_ID: _, ...ours } = env;
    const issued = [...gitlab.secrets, ...github.tokens];
    expect(gitlab.secrets).not.toEqual([]);
    expect(github.tokens).not.toEqual([]);
    const secrets = [...Object.values(ours), gitlab.token, quay.subject, ...issued];
    expect(secrets.flatMap((secret) => formsOf(secret).filter((form) => text.includes(form)))).toEqual([]);
    expect(text).not.toContain(github.privateKey.split('\n')[1]);
  }, 120_000);
});

/** Wants a login, and repeats in its refusal all that it was sent with one. */
async function startEcho(): Promise<BareServer> {
  return startBareServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { authorization } = request.headers;
    if (authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="echo"' }).end();
      return;
    }
    const message = `refused ${Buffer.from(authorization.replace('Basic ', ''), 'base64').toString()} (${authorization}) ${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString()}`;
    response.writeHead(403, { 'content-type': 'application/json', warning: `299 - "${authorization}"` });
    response.end(JSON.stringify({ __type: 'AccessDeniedException', message, errors: [{ code: 'DENIED', message }] }));
  });
}

/** As they are, in base64 at each of its three beginnings, and as a part of URLs. */
function formsOf(secret: string): string[] {
  const encoded = ['', 'x', 'xx'].flatMap((before) =>
    (['base64', 'base64url'] as const).map((encoding) =>
      // what stands at the ends depends on the neighbours
      Buffer.from(before + secret)
        .toString(encoding)
        .slice(4, -4),
    ),
  );
  return [...new Set([secret, encodeURIComponent(secret), ...encoded])];
}
