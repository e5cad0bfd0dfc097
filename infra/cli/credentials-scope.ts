// What the commands of `credentials` are about: clusters, one rule, one Namespace.
import type { Config, CredentialRuleConfig } from '../../shared/config/config.ts';
import { nearestWord } from '../../shared/config/nearest-word.ts';
import { TransshipError } from '../../shared/errors.ts';
import { printable } from '../../shared/telemetry/printable.ts';

export type ScopeOptions = { cluster?: string; rule?: string; namespace?: string };

export type CredentialsScope = {
  /** By name: those that rules speak of, or the one that is meant. */
  clusters: readonly string[];
  rule?: string;
  namespace?: string;
};

/** @throws TransshipError invalid-usage, invalid-config */
export function scopeOf({ credentials }: Pick<Config, 'credentials'>, options: ScopeOptions): CredentialsScope {
  if (credentials.length === 0) {
    throw new TransshipError('invalid-config', 'the configuration has no rules of credentials', {
      hint: 'say under credentials: which registries are to be in which Namespaces; transship config example shows how',
    });
  }
  const rule = options.rule === undefined ? undefined : ruleOf(credentials, options.rule);
  const spoken = [...new Set((rule === undefined ? credentials : [rule]).flatMap(({ clusters }) => clusters))];
  const { cluster, namespace } = options;
  if (cluster !== undefined && !spoken.includes(cluster)) throw unknown('cluster', cluster, spoken);
  return {
    clusters: cluster === undefined ? spoken : [cluster],
    ...(rule === undefined ? {} : { rule: rule.name }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function ruleOf(rules: readonly CredentialRuleConfig[], name: string): CredentialRuleConfig {
  const found = rules.find((rule) => rule.name === name);
  if (found !== undefined) return found;
  throw unknown(
    'rule of credentials',
    name,
    rules.map((rule) => rule.name),
  );
}

function unknown(what: string, name: string, known: readonly string[]): TransshipError {
  const near = nearestWord(name, known);
  const subject = what === 'cluster' ? `no rule speaks of a cluster "${printable(name, 60)}"` : undefined;
  return new TransshipError('invalid-usage', subject ?? `there is no ${what} "${printable(name, 60)}"`, {
    hint: near === undefined ? `there are: ${known.join(', ')}` : `did you mean ${near}?`,
  });
}
