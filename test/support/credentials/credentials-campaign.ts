// The distribution to thousands of namespaces of a real API server: requests and time of the first run, of one that finds nothing to do, and
// of a turnover, and what is left after deaths at random points.
import { isTransshipError, TransshipError } from '../../../shared/errors.ts';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { isWrite } from '../kubernetes-audit.ts';
import { startKubernetes, type Kubernetes } from '../kubernetes.ts';
import { openTestCluster } from '../open-test-cluster.ts';
import { accountsOf, makeNamespaces, onlyPrefix, passwordIn, secretsOf } from './cluster-objects.ts';
import { openCredentialsBed, ruleOf } from './credentials-bed.ts';
import { faultyCluster, isWriteRequest } from './faulty-cluster.ts';
import { testProvider, type TestProvider } from './test-provider.ts';

export type CredentialsCampaign = { wrong: string[]; phases: Phase[] };
type Phase = { name: string; seconds: number; lists: number; reads: number; writes: number; calls: number };

const PREFIX = 'campaign';

export async function credentialsCampaign(namespaces: number, random: () => number): Promise<CredentialsCampaign> {
  await using kubernetes = await startKubernetes({ hasControllers: true });
  const cluster = await openTestCluster(kubernetes, { requestsPerSecond: 5000, concurrency: 32 });
  await makeNamespaces(cluster, PREFIX, namespaces);
  const provider = testProvider('r1.test');
  const rules = [ruleOf({ namespaces: onlyPrefix(PREFIX) })];
  await using bed = await openCredentialsBed({ cluster, providers: [provider], rules });
  const wrong: string[] = [];
  const check = (is: boolean, what: string): void => void (is || wrong.push(what));
  const phase = phasesOf(kubernetes, provider);
  const pages = Math.ceil(namespaces / 500);

  const first = await phase('first run, cut off again and again', async () => {
    let deaths = 0;
    for (let isDone = false; !isDone; bed.restart()) {
      const life = deaths < 10 ? Math.ceil((random() * namespaces) / 3) : Infinity;
      isDone = await bed.run(mortal(cluster, life)).then(
        () => true,
        (error: unknown) => {
          if (!isTransshipError(error, 'fence-lost')) throw error;
          deaths += 1;
          return false;
        },
      );
    }
  });
  const secrets = await secretsOf(cluster, PREFIX);
  const accounts = await accountsOf(cluster, PREFIX);
  check(secrets.length === namespaces, `${namespaces - secrets.length} Secrets are missing`);
  const attached = accounts.filter(({ imagePullSecrets }) => imagePullSecrets.join() === 'registry-pull').length;
  check(attached === namespaces, `${namespaces - attached} ServiceAccounts have not exactly one reference`);
  const more = first.writes - 2 * namespaces;
  // A request that was cut off in mid-flight stands in the log, and may stand there again.
  check(more >= 0 && more <= 10 * 12, `${more} writes more than objects`);

  bed.restart();
  const second = await phase('second run', () => bed.run());
  check(second.writes === 0 && second.calls === 0, `the second run wrote ${second.writes} times`);
  // the system's own namespaces are among those that are listed, and one page is for what is ours under other names
  check(second.lists <= 3 * Math.ceil((namespaces + 10) / 500) + 1, `the second run read ${second.lists} pages`);

  const turnover = await phase('turnover', () => bed.run({ payload: { force: true } }));
  check(turnover.writes === namespaces, `the turnover took ${turnover.writes} writes`);
  check(turnover.calls === 1, `the turnover took ${turnover.calls} calls of the provider`);
  const renewed = await secretsOf(cluster, PREFIX);
  const latest = provider.secrets.at(-1);
  check(
    renewed.every((secret) => passwordIn(secret, 'r1.test') === latest),
    'some Secrets were not renewed',
  );

  const paths = renewed.map(({ namespace }) => `/api/v1/namespaces/${namespace}/secrets/registry-pull`);
  await inBatches(paths, (path) => cluster.send({ method: 'DELETE', path }));
  const again = await phase('all Secrets anew, in one run', () => bed.run());
  check(again.writes === namespaces, `to make them anew took ${again.writes} writes`);
  // One for what is ours under other names is always there.
  check(again.lists <= Math.max(3 * pages, 4), `to make them anew took ${again.lists} pages`);
  await cluster.close();
  return { wrong, phases: [first, second, turnover, again] };
}

function phasesOf(kubernetes: Kubernetes, provider: TestProvider) {
  return async (name: string, work: () => Promise<unknown>): Promise<Phase> => {
    await kubernetes.forgetAuditEvents();
    const calls = provider.calls;
    const startedAt = performance.now();
    await work();
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    const events = (await kubernetes.auditEvents()).filter(({ userAgent }) => userAgent.startsWith('transship'));
    const lists = events.filter(({ verb }) => verb === 'list').length;
    const writes = events.filter(isWrite).length;
    return { name, seconds, lists, reads: events.length - lists - writes, writes, calls: provider.calls - calls };
  };
}

/** Dies at one of its writes, before the effect or after it. */
function mortal(cluster: Cluster, life: number): { cluster: Cluster; signal: AbortSignal } {
  const death = new AbortController();
  let left = life;
  const dying = faultyCluster(cluster, async (request, send) => {
    death.signal.throwIfAborted();
    left -= isWriteRequest(request) ? 1 : 0;
    if (left > 0) return send();
    if (Math.ceil(life) % 2 === 0) await send();
    death.abort(new TransshipError('fence-lost', 'the process is dead'));
    throw death.signal.reason;
  });
  return { cluster: dying, signal: death.signal };
}

async function inBatches<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 20) await Promise.all(items.slice(at, at + 20).map(work));
}
