// Objects of a test's cluster: many namespaces at once, and what their Secrets and ServiceAccounts hold.
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { listSecrets, type WholeSecret } from '../../../shared/cluster/secrets.ts';
import { listServiceAccounts, type ServiceAccount } from '../../../shared/cluster/service-accounts.ts';
import type { NamespaceSelection } from '../../../shared/credentials/credential-rule.ts';

const AT_ONCE = 20;

/** `prefix-0000` and so on, labelled with the prefix; resolves when each has its ServiceAccount `default`. */
export async function makeNamespaces(cluster: Cluster, prefix: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`);
  for (let at = 0; at < names.length; at += AT_ONCE) {
    await Promise.all(names.slice(at, at + AT_ONCE).map((name) => makeNamespace(cluster, name, prefix)));
  }
  const deadline = Date.now() + 300_000;
  for (;;) {
    const there = new Set((await accountsOf(cluster, prefix)).map(({ namespace }) => namespace));
    if (names.every((name) => there.has(name))) break;
    if (Date.now() > deadline) throw new Error('the namespaces did not get their ServiceAccounts');
    await delay(100);
  }
  return names;
}

async function makeNamespace(cluster: Cluster, name: string, prefix: string): Promise<void> {
  const metadata = { name, labels: { prefix } };
  await cluster.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata } });
}

/** Those that `makeNamespaces` made with the prefix. */
export function onlyPrefix(prefix: string): NamespaceSelection {
  return { selector: { matchLabels: { prefix } }, exclude: [] };
}

export async function secretsOf(cluster: Cluster, prefix: string, name = 'registry-pull'): Promise<WholeSecret[]> {
  const pages = await Array.fromAsync(listSecrets(cluster, { fieldSelector: `metadata.name=${name}` }));
  return pages.flat().filter(({ namespace }) => namespace.startsWith(`${prefix}-`));
}

export async function accountsOf(cluster: Cluster, prefix: string): Promise<ServiceAccount[]> {
  const pages = await Array.fromAsync(listServiceAccounts(cluster, { fieldSelector: 'metadata.name=default' }));
  return pages.flat().filter(({ namespace }) => namespace.startsWith(`${prefix}-`));
}

/** The password of a registry in a pull Secret. */
export function passwordIn(secret: WholeSecret | undefined, host: string): string | undefined {
  const config: unknown = JSON.parse(secret?.data.get('.dockerconfigjson')?.reveal() ?? '{}');
  const { auths } = config as { auths?: Record<string, { password?: string }> };
  return auths?.[host]?.password;
}

export function makeSecret(
  cluster: Cluster,
  place: { namespace: string; name: string },
  fields: { type?: string; data?: Record<string, string>; metadata?: object } = {},
): Promise<unknown> {
  const { namespace, name } = place;
  const { metadata = {}, ...rest } = fields;
  return cluster.send({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/secrets`,
    body: { metadata: { name, ...metadata }, ...rest },
  });
}
