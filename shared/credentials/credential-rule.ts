// What a rule of `credentials` says: which registries' credentials, in which namespaces of which clusters, in which Secrets, for which
// ServiceAccounts.
import type { LabelSelector } from '../cluster/label-selector.ts';

export type NamespaceSelection = {
  /** Names and globs; absent with a selector or `all`. */
  names?: readonly string[];
  selector?: LabelSelector;
  /** Every namespace: never by an empty selector. */
  all?: true;
  /** Names and globs that are left out, whatever selects them. */
  exclude: readonly string[];
};

export type CredentialRule = {
  name: string;
  /** By their names in the configuration. */
  clusters: readonly string[];
  namespaces: NamespaceSelection;
  /** `host[:port]` as references name them. */
  registries: readonly string[];
  /** `per-registry`: one Secret each, the name with the registry's after it. */
  secret: { name: string; layout: 'merged' | 'per-registry' };
  serviceAccounts: 'none' | 'all' | { names: readonly string[] } | { selector: LabelSelector };
  /** Probe each fresh credential at its registry before it is distributed. */
  verify: boolean;
  /** Remove what is ours and no rule wants any more. */
  prune: boolean;
  /** Take over Secrets of the right name that are not ours, with the hosts of others in them left alone. */
  adopt: boolean;
};
