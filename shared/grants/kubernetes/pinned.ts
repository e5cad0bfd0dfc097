// The identities of what a grant with `pin: uid` is bound to: its namespaces and ServiceAccounts as they are now.
import type { Survey } from '../site.ts';
import type { GranteeSubject } from './grantee-subjects.ts';

/** How a survey tells the uid of a ServiceAccount, among its facts. */
export function accountFact(namespace: string, name: string): string {
  return `serviceaccount ${namespace}/${name}`;
}

/** By `namespace` or `namespace/serviceaccount`; what is not there has none. */
export function uidsOf(
  imageNamespace: string,
  subjects: readonly GranteeSubject[],
  { namespaces, facts = {} }: Survey,
): Record<string, string> {
  const names = new Set([imageNamespace, ...subjects.flatMap(({ namespace }) => namespace ?? [])]);
  const accounts = subjects.flatMap(({ subject }) => (subject.kind === 'ServiceAccount' ? [subject] : []));
  const found = [
    ...[...names].map((name) => [name, namespaces?.get(name)?.uid] as const),
    ...accounts.map(({ namespace, name }) => [`${namespace}/${name}`, facts[accountFact(namespace, name)]] as const),
  ];
  return Object.fromEntries(found.filter((one): one is readonly [string, string] => one[1] !== undefined));
}
