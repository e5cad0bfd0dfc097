// What the rules of a configuration need in one cluster: which Secrets, whether ServiceAccounts are changed, in which Namespaces.
import type { Config, CredentialRuleConfig, RegistryConfig } from '../../shared/config/config.ts';
import { secretTargets } from '../../shared/credentials/secret-target.ts';
import { TransshipError } from '../../shared/errors.ts';

export type Needs = {
  rules: readonly CredentialRuleConfig[];
  /** The names of all Secrets, sorted. */
  secrets: readonly string[];
  /** ServiceAccounts get references. */
  attaches: boolean;
  prunes: boolean;
  /** ServiceAccounts of this cluster whose tokens registries take. */
  tokenAccounts: readonly { namespace: string; name: string }[];
};

/** @throws TransshipError invalid-usage where no rule speaks of the cluster */
export function needsOf({ credentials, registries }: Config, cluster: string): Needs {
  const rules = credentials.filter(({ clusters }) => clusters.includes(cluster));
  if (rules.length === 0) {
    throw new TransshipError('invalid-usage', `no rule of credentials speaks of the cluster ${cluster}`, {
      hint: 'name the cluster in a rule under credentials: its Secrets decide which rights are needed',
    });
  }
  return {
    rules,
    secrets: [...new Set(rules.flatMap(secretNamesOf))].toSorted(),
    attaches: rules.some(({ serviceAccounts }) => serviceAccounts !== 'none'),
    prunes: rules.some(({ prune }) => prune),
    tokenAccounts: registries.flatMap(({ credential }) => tokenAccountsOf(credential, cluster)),
  };
}

/** The Secrets of one rule. */
export function secretNamesOf(rule: CredentialRuleConfig): string[] {
  return secretTargets(rule).map(({ secret }) => secret);
}

/**
 * The Namespaces that the rules name, where none of them needs to look for more.
 * @throws TransshipError invalid-usage for a pattern, a selector, or all
 */
export function namedNamespaces({ rules }: Needs): string[] {
  const names = rules.flatMap(({ name, namespaces }) => {
    if (namespaces.names !== undefined && namespaces.names.every((one) => !one.includes('*'))) return namespaces.names;
    throw new TransshipError('invalid-usage', `rule ${name} does not name its Namespaces one by one`, {
      hint: 'mode namespaced gives rights in named Namespaces only: write namespaces: { names: [team-a, team-b] }',
    });
  });
  return [...new Set(names)].toSorted();
}

function tokenAccountsOf(credential: RegistryConfig['credential'], cluster: string): Needs['tokenAccounts'] {
  if (typeof credential !== 'object') return [];
  const robot = 'quayRobot' in credential ? credential.quayRobot.serviceAccount : undefined;
  const account = 'serviceAccount' in credential ? credential.serviceAccount : robot;
  return account?.cluster === cluster ? [account] : [];
}
