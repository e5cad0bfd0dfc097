// A real Kubernetes API server on loopback, with its etcd: RBAC on, users by token, an audit log that tests read, kubectl at hand, and
// the controllers that make ServiceAccounts and finish the removal of namespaces where they are wanted.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess, type Running } from './child-processes.ts';
import { createAuthority, type Authority } from './certificates.ts';
import { apiServerArguments, controllerArguments, etcdArguments, writeInputs } from './kubernetes-arguments.ts';
import { readAuditLog, type AuditEvent } from './kubernetes-audit.ts';
import { isMissing, requireComponent } from './require-component.ts';
import { freePort } from './servers.ts';

export type KubernetesOptions = {
  /** Users beside `admin`, with their groups; none of them may do anything yet. */
  users?: Readonly<Record<string, readonly string[]>>;
  /** Starts the controller-manager: ServiceAccounts `default`, removal of namespaces, garbage collection. */
  hasControllers?: boolean;
  /** More arguments of kube-apiserver. */
  serverArguments?: readonly string[];
};

export type Kubernetes = {
  /** `https://127.0.0.1:PORT` */
  server: string;
  /** PEM: the server's own certificate, which is its authority. */
  ca: string;
  caFile: string;
  /** An existing folder, thrown away in the end. */
  folder: string;
  /** Signs client certificates: the common name is the user. */
  clients: Authority;
  /** The bearer token of a user. */
  tokenOf(user: string): string;
  /** A kubeconfig with that user's token; the admin's is `kubeconfigOf('admin')`. */
  kubeconfigOf(user: string): string;
  /** Its standard output. @throws Error with what it wrote to standard error */
  kubectl(args: readonly string[], options?: { user?: string; input?: string }): Promise<string>;
  /** What kubectl applies: objects in JSON. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Requests that were answered since the start or the last `forgetAuditEvents`, our own looks at the log left out. */
  auditEvents(): Promise<AuditEvent[]>;
  forgetAuditEvents(): Promise<void>;
  /** Ends the API server, as a crash does or in order. Etcd and its data stay. */
  stopServer(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same address. */
  startServer(): Promise<void>;
  /** Holds it still until `resumeServer`. */
  pauseServer(): void;
  resumeServer(): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const READY_TIMEOUT_MS = 90_000;
const POLL_MS = 50;
const MARK = 'transship-mark-';

/** True where the tests that need an API server have to be skipped: `describe.skipIf(isKubernetesMissing())`. */
export function isKubernetesMissing(): boolean {
  return isMissing('etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl');
}

/** Takes about six seconds, seven with controllers: once a test file, in `beforeAll`. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Kubernetes> {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-kubernetes-'));
  const file = (...parts: string[]): string => path.join(folder, ...parts);
  const processes: Running[] = [];
  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;
  mkdirSync(file('clients'));
  const clients = createAuthority(file('clients'), 'Transship test clients');
  const users = new Map([['admin', ['system:masters']], ...Object.entries(options.users ?? {})]);
  const tokens = new Map([...users.keys()].map((user) => [user, `canary-token-${randomBytes(16).toString('hex')}`]));
  writeInputs(folder, users, tokens);
  const etcdPorts = { etcdPort: await freePort(), peerPort: await freePort() };
  const plane = { folder, port, clientCaFile: clients.caFile, ...etcdPorts };

  processes.push(startProcess(requireComponent('etcd'), etcdArguments(plane)));
  const launch = async (): Promise<Running> => {
    const args = [...apiServerArguments(plane), ...(options.serverArguments ?? [])];
    const started = startProcess(requireComponent('kube-apiserver'), args);
    processes.push(started);
    await waitUntil(started, async () => (await ask(`${server}/readyz`, tokens.get('admin') ?? '')) === 200);
    return started;
  };
  const dispose = async (): Promise<void> => {
    // the last one first: without etcd the API server does not end in order, and nothing of it is needed
    for (const one of processes.toReversed()) if (!one.hasEnded()) await one.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    let apiserver = await launch();
    const caFile = file('certs', 'apiserver.crt');
    const tokenOf = (user: string): string => {
      const token = tokens.get(user);
      if (token === undefined) throw new Error(`${user} is none of the users of this API server`);
      return token;
    };
    const kubeconfigOf = (user: string): string => {
      const name = file(`kubeconfig-${user.replaceAll(/[^a-z0-9-]/gi, '_')}.json`);
      writeFileSync(name, JSON.stringify(kubeconfig(server, caFile, user, { token: tokenOf(user) })));
      return name;
    };
    const kubectl: Kubernetes['kubectl'] = (args, { user = 'admin', input } = {}) =>
      runKubectl(['--kubeconfig', kubeconfigOf(user), ...args], folder, input);
    const apply: Kubernetes['apply'] = async (...objects) => {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(list) });
    };
    if (options.hasControllers === true) {
      const args = controllerArguments(plane, kubeconfigOf('admin'));
      const manager = startProcess(requireComponent('kube-controller-manager'), args);
      processes.push(manager);
      const account = `${server}/api/v1/namespaces/default/serviceaccounts/default`;
      await waitUntil(manager, async () => (await ask(account, tokenOf('admin'))) === 200);
    }
    let forgotten = 0;
    let markCount = 0;
    /** The log is written behind the answer: a request of our own that stands in it says that all before it do. */
    const flushed = async (): Promise<AuditEvent[]> => {
      const mark = `${MARK}${++markCount}`;
      await ask(`${server}/api/v1/namespaces/${mark}`, tokenOf('admin'));
      for (;;) {
        const events = readAuditLog(readFileSync(file('audit.log'), 'utf8'));
        if (events.some(({ name }) => name === mark)) return events.filter(({ name }) => !name?.startsWith(MARK));
        await sleep(POLL_MS);
      }
    };
    return {
      server,
      ca: readFileSync(caFile, 'utf8'),
      caFile,
      folder,
      clients,
      tokenOf,
      kubeconfigOf,
      kubectl,
      apply,
      auditEvents: async () => (await flushed()).slice(forgotten),
      async forgetAuditEvents() {
        forgotten = (await flushed()).length;
      },
      async stopServer(signal = 'SIGKILL') {
        await apiserver.end(signal);
      },
      async startServer() {
        apiserver = await launch();
      },
      pauseServer: () => void apiserver.process.kill('SIGSTOP'),
      resumeServer: () => void apiserver.process.kill('SIGCONT'),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A kubeconfig with one context, `test`. */
export function kubeconfig(server: string, caFile: string, userName: string, user: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: userName } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: userName, user }],
  };
}

async function waitUntil(running: Running, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await condition())) {
    if (running.hasEnded() || Date.now() > deadline) {
      throw new Error(`${running.process.spawnfile} did not become ready:\n${running.lastWords()}`);
    }
    await sleep(POLL_MS);
  }
}

/** The status of a GET; undefined where nobody answers. The certificate is not there before the server is. */
function ask(url: string, token: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    https
      .get(
        url,
        { headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false, agent: false },
        (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode));
        },
      )
      .on('error', () => resolve(undefined));
  });
}

function runKubectl(args: readonly string[], home: string, input?: string): Promise<string> {
  // its cache of what the server offers belongs to this server alone
  const env = { PATH: process.env['PATH'], HOME: home };
  return new Promise((resolve, reject) => {
    const options = { env, maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(requireComponent('kubectl'), [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${args.slice(2).join(' ')}: ${stderr.trim()}`));
    });
    child.stdin?.end(input);
  });
}
