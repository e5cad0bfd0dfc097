// What the rules of a configuration and requests for access need in one cluster: which Secrets, whether ServiceAccounts are changed, in
// which Namespaces.
import type { Config, CredentialRuleConfig, RegistryConfig } from '../../shared/config/config.ts';
import { secretTargets } from '../../shared/credentials/secret-target.ts';
import { TransshipError } from '../../shared/errors.ts';
import { grantNeedsOf, type GrantNeeds } from './grant-needs.ts';

export type Needs = {
  /** Of credentials. */
  rules: readonly CredentialRuleConfig[];
  /** The names of all Secrets, sorted. */
  secrets: readonly string[];
  /** ServiceAccounts get references. */
  attaches: boolean;
  prunes: boolean;
  /** ServiceAccounts of this cluster whose tokens registries take. */
  tokenAccounts: readonly { namespace: string; name: string }[];
  /** Requests for access may be about the cluster. */
  access: boolean;
  /** Absent: no grant is about the cluster. */
  grants?: GrantNeeds;
};

/** @throws TransshipError invalid-usage where nothing speaks of the cluster */
export function needsOf(config: Config, cluster: string, { access }: { access: boolean }): Needs {
  const { credentials, registries } = config;
  const rules = credentials.filter(({ clusters }) => clusters.includes(cluster));
  const grants = grantNeedsOf(config, cluster, { access });
  if (rules.length === 0 && grants === undefined && !access) {
    throw new TransshipError('invalid-usage', `no rule of credentials and no grant speaks of the cluster ${cluster}`, {
      hint: 'name the cluster in a rule under credentials, or in a grant: they decide which rights are needed; --access asks for those of requests for access',
    });
  }
  return {
    rules,
    secrets: [...new Set(rules.flatMap(secretNamesOf))].toSorted(),
    attaches: rules.some(({ serviceAccounts }) => serviceAccounts !== 'none'),
    prunes: rules.some(({ prune }) => prune),
    access,
    tokenAccounts: registries.flatMap(({ credential }) => tokenAccountsOf(credential, cluster)),
    ...(grants === undefined ? {} : { grants }),
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
