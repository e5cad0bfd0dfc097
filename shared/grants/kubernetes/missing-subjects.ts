// Finds whom bindings name and who is not there: whoever makes a ServiceAccount of that name may pull at once.
import type { Cluster } from '../../cluster/cluster.ts';
import { getNamespace, listNamespaces } from '../../cluster/namespaces.ts';
import type { RoleSubject } from '../../cluster/rbac-objects.ts';
import { getServiceAccount, listServiceAccounts } from '../../cluster/service-accounts.ts';
import { isTransshipError } from '../../errors.ts';
import { homeOf } from './platform-bindings.ts';

/** One list is cheaper than more single looks. */
const MOST_SINGLE = 20;

type Options = { signal?: AbortSignal };

/** In words, undefined where all is well or where we may not look. */
export type MissingText = (subject: RoleSubject) => string | undefined;

/** Says of each of these subjects whether it is there. @throws TransshipError as `Cluster.send` */
export async function missingSubjects(
  cluster: Cluster,
  subjects: readonly RoleSubject[],
  options: Options = {},
): Promise<MissingText> {
  const accounts = new Map(subjects.flatMap((one) => accountOf(one) ?? []).map((one) => [keyOf(one), one]));
  const homes = [...new Set(subjects.flatMap((subject) => homeOf(subject) ?? []))];
  const [namespaces, there] = await Promise.all([
    homes.length > 0 ? ifAllowed(namespaceNames(cluster, homes, options)) : undefined,
    accounts.size > 0 ? ifAllowed(accountKeys(cluster, [...accounts.values()], options)) : undefined,
  ]);
  return (subject) => {
    const home = homeOf(subject);
    if (home === undefined) return undefined;
    if (namespaces?.has(home) === false) return `Namespace ${home} is not there`;
    const account = accountOf(subject);
    if (account === undefined || there?.has(keyOf(account)) !== false) return undefined;
    return `ServiceAccount ${keyOf(account)} is not there`;
  };
}

type Account = { namespace: string; name: string };

function accountOf(subject: RoleSubject): Account | undefined {
  if (subject.kind === 'ServiceAccount') return { namespace: subject.namespace, name: subject.name };
  const namespace = subject.kind === 'User' ? homeOf(subject) : undefined;
  return namespace === undefined ? undefined : { namespace, name: subject.name.split(':').slice(3).join(':') };
}

async function namespaceNames(
  cluster: Cluster,
  names: readonly string[],
  options: Options,
): Promise<ReadonlySet<string>> {
  const found =
    names.length > MOST_SINGLE
      ? (await Array.fromAsync(listNamespaces(cluster, options))).flat()
      : await Promise.all(names.map((name) => getNamespace(cluster, name, options)));
  return new Set(found.flatMap((one) => one?.name ?? []));
}

async function accountKeys(
  cluster: Cluster,
  accounts: readonly Account[],
  options: Options,
): Promise<ReadonlySet<string>> {
  const found =
    accounts.length > MOST_SINGLE
      ? (await Array.fromAsync(listServiceAccounts(cluster, options))).flat()
      : await Promise.all(accounts.map((account) => getServiceAccount(cluster, account, options)));
  return new Set(found.flatMap((one) => (one === undefined ? [] : [keyOf(one)])));
}

function keyOf({ namespace, name }: Account): string {
  return `${namespace}/${name}`;
}

async function ifAllowed<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isTransshipError(error, 'denied')) return undefined;
    throw error;
  }
}
