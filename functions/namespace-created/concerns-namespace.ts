// Whether the rules have anything to bring to a Namespace, by what is known of it. Pure.
import type { Config } from '../../shared/config/config.ts';
import type { CredentialRule } from '../../shared/credentials/credential-rule.ts';
import { selectsNamespace } from '../../shared/credentials/selects-namespace.ts';

type Known = {
  name: string;
  /** Absent: not known here, and a rule that selects by them may mean it. */
  labels?: Readonly<Record<string, string>>;
};

export function concernsNamespace(
  { credentials }: Pick<Config, 'credentials'>,
  cluster: string,
  namespace: Known,
): boolean {
  return credentials.some((rule) => rule.clusters.includes(cluster) && maySelect(rule, namespace));
}

function maySelect({ namespaces }: CredentialRule, { name, labels }: Known): boolean {
  if (labels !== undefined) return selectsNamespace(namespaces, { name, labels });
  const { selector, ...rest } = namespaces;
  const others = selector === undefined || rest.names !== undefined ? rest : { ...rest, all: true as const };
  return selectsNamespace(others, { name, labels: {} });
}
