// The rules of credentials that hold now: those of the configuration, and those that requests for access ask for until they end.
import type { Config, CredentialRuleConfig } from '../../shared/config/config.ts';
import type { GrantsState } from '../../shared/grants/grants-state.ts';
import type { Deps } from '../deps.ts';
import { accessRules, endedAccessRule } from './access-rules.ts';

type RuleDeps = Pick<Deps, 'config' | 'grants' | 'clock'>;

/** @throws TransshipError store-unavailable */
export async function credentialRules({ config, grants, clock }: RuleDeps): Promise<CredentialRuleConfig[]> {
  return credentialRulesOf(config(), await grants.state(), clock.now());
}

/** For a run over one Namespace: with the rule that takes away what has ended there. @throws TransshipError store-unavailable */
export async function credentialRulesAt(
  { config, grants, clock }: RuleDeps,
  place: { cluster: string; namespace: string },
): Promise<CredentialRuleConfig[]> {
  const state = await grants.state();
  const rules = credentialRulesOf(config(), state, clock.now());
  const ended = endedAccessRule(rules, state, place);
  return ended === undefined ? rules : [...rules, ended];
}

/** Those of requests come last; one for a cluster that the configuration knows no more is none. */
export function credentialRulesOf(
  { credentials, clusters, grants }: Pick<Config, 'credentials' | 'clusters' | 'grants'>,
  state: GrantsState,
  now: Date,
): CredentialRuleConfig[] {
  const names = new Set(clusters.map(({ name }) => name));
  const asked = accessRules(grants, state, now).filter((rule) => rule.clusters.every((name) => names.has(name)));
  return [...credentials, ...asked];
}
