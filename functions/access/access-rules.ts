// The rules of credentials that follow from requests for access: for each Namespace that some of them mean, one Secret with the credentials
// of all their registries, as long as one of them holds. Pure.
import type { CredentialRuleConfig } from '../../shared/config/config.ts';
import { desiredGrants } from '../../shared/grants/desired-grants.ts';
import type { GrantedAccess, PullGrant } from '../../shared/grants/grant.ts';
import type { GrantsState } from '../../shared/grants/grants-state.ts';
import { standingOf } from '../../shared/grants/standing.ts';

/** One for all accesses of a Namespace. */
export const ACCESS_SECRET = 'transship-access';

/** In the order of clusters and Namespaces. */
export function accessRules(configured: readonly PullGrant[], state: GrantsState, now: Date): CredentialRuleConfig[] {
  const held = desiredGrants(configured, state).filter((grant) => {
    const standing = standingOf(grant, state, now);
    return standing.holds && standing.ended === undefined;
  });
  return rulesOfAccesses(held.flatMap(({ access }) => access ?? []));
}

/** Of accesses that hold. In the order of clusters and Namespaces. */
export function rulesOfAccesses(held: readonly GrantedAccess[]): CredentialRuleConfig[] {
  const accesses = held.filter(({ registries }) => registries.length > 0);
  return [...Map.groupBy(accesses, accessRuleName)]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, all]) => ruleOf(name, all));
}

/**
 * The rule of a Namespace for which nothing holds any more: it wants nothing, and says what goes. Who looks at that Namespace alone knows
 * by it what to read. Undefined where something holds, or never did.
 */
export function endedAccessRule(
  held: readonly CredentialRuleConfig[],
  state: GrantsState,
  place: Pick<GrantedAccess, 'cluster' | 'namespace'>,
): CredentialRuleConfig | undefined {
  const name = accessRuleName(place);
  if (held.some((rule) => rule.name === name)) return undefined;
  const known = [...state.grants.values()].flatMap(({ declaration }) => declaration.access ?? []);
  const [rule] = rulesOfAccesses(known.filter((access) => accessRuleName(access) === name));
  return rule === undefined ? undefined : { ...rule, namespaces: { names: [], exclude: [] } };
}

/** No rule of a configuration has a name like it. */
export function accessRuleName({ cluster, namespace }: Pick<GrantedAccess, 'cluster' | 'namespace'>): string {
  return `access:${cluster}/${namespace}`;
}

function ruleOf(name: string, accesses: readonly GrantedAccess[]): CredentialRuleConfig[] {
  const [first] = accesses;
  if (first === undefined) return [];
  return [
    {
      name,
      clusters: [first.cluster],
      namespaces: { names: [first.namespace], exclude: [] },
      registries: unique(accesses.flatMap(({ registries }) => registries)),
      secret: { name: ACCESS_SECRET, layout: 'merged' },
      serviceAccounts: { names: unique(accesses.flatMap(({ serviceAccounts }) => serviceAccounts)) },
      verify: true,
      prune: true,
      adopt: false,
    },
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}
