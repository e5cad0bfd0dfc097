// Who asks and what that allows: scopes say what may be done, rules and registries to what. Pure.
import type { Config } from '../../shared/config/config.ts';
import type { PushEvent } from '../../shared/events/push-event.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { matchesSource } from '../../shared/mirror/source-pattern.ts';
import { registryNames } from '../registry-names.ts';
import type { Scope } from './api-token.ts';

export type Identity = {
  /** Stable and no secret: `api-token/<id>`, `oidc:<issuer> <subject>`, `owner`. */
  name: string;
  scopes: readonly Scope[];
  /** Only these; absent: all. */
  rules?: readonly string[];
  /** Only these, as references name them; absent: all. */
  registries?: readonly string[];
};

/** Who came through the socket of the data folder, and could read and write everything in it anyway. */
export const OWNER: Identity = { name: 'owner', scopes: ['admin'] };

/** `admin` allows everything, `mirror` to read, too: who asks for a job has to see what becomes of it. */
export function hasScope({ scopes }: Identity, wanted: Scope): boolean {
  return scopes.includes(wanted) || scopes.includes('admin') || (wanted === 'read' && scopes.includes('mirror'));
}

/** Not held to some rules or registries. */
export function isUnlimited({ rules, registries }: Identity): boolean {
  return rules === undefined && registries === undefined;
}

/** Whether it may use these registries, all of them. */
export function mayUseRegistries({ registries }: Identity, hosts: readonly string[]): boolean {
  return registries === undefined || hosts.every((host) => registries.includes(host));
}

/** Whether it may see the rule and ask for it. */
export function mayUseRule(identity: Identity, rule: MirrorRule): boolean {
  if (identity.rules !== undefined && !identity.rules.includes(rule.name)) return false;
  return mayUseRegistries(identity, registriesOf(rule));
}

/** The registries that a rule reads and writes. */
export function registriesOf({ from, to }: MirrorRule): string[] {
  return [...new Set([from.registry, ...to.map(({ registry }) => registry)])];
}

/** Whether it may see a received push: one of its registries, about a repository of its rules. */
export function maySeePush(identity: Identity, { registry, repository }: PushEvent, config: Config): boolean {
  if (!mayUseRegistries(identity, [registry])) return false;
  if (identity.rules === undefined) return true;
  if (repository === null) return false;
  const hosts = registryNames(registry, config);
  return config.rules.some(
    ({ name, from }) =>
      identity.rules?.includes(name) === true &&
      hosts.includes(from.registry) &&
      matchesSource(from, { registry: from.registry, repository }),
  );
}
