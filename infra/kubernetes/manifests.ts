// Everything that a cluster needs for one way of working, in the order in which it is applied.
import type { Config } from '../../shared/config/config.ts';
import { ACCESS_SECRET } from '../../functions/access/access-rules.ts';
import { accessRoles } from './access-roles.ts';
import { accountGuard } from './account-guard.ts';
import { namespaceWebhook, referenceWebhook, type WebhookOptions } from './admission-webhooks.ts';
import { deployment, type DeploymentOptions } from './deployment.ts';
import type { Manifest, Subject } from './kubernetes-object.ts';
import { grantRoles } from './grant-roles.ts';
import { namedNamespaces, needsOf, type Needs } from './needs.ts';
import { clusterPermissions, namespacePermissions, tokenPermissions, type Mode } from './permissions.ts';
import { referencePolicy } from './reference-policy.ts';
import { clusterRole, namespaceRole, type RoleOptions } from './roles.ts';

export type ManifestOptions = {
  cluster: string;
  mode: Mode;
  subject: Subject;
  /** New Namespaces are seen by a watch. */
  isWatching: boolean;
  /** What gives new ServiceAccounts their references before the first Pod. */
  attach: 'policy' | 'webhook' | 'off';
  /** Requests for access may come, for any Namespace. */
  access?: boolean;
  /** Absent: the API server tells of no Namespaces. */
  admission?: Omit<WebhookOptions, 'instance'>;
  deployment?: Omit<DeploymentOptions, 'instance'>;
};

/** @throws TransshipError invalid-usage where the rules do not fit the mode */
export function manifestsOf(config: Config, options: ManifestOptions): Manifest[] {
  const { instance } = config;
  const { mode, subject, admission } = options;
  const needs = needsOf(config, options.cluster, { access: options.access === true });
  const role = { instance, subject };
  const changesAccounts =
    (needs.attaches || needs.prunes || needs.access) && ['lean', 'fast', 'namespaced'].includes(mode);
  const ownSecrets = [...needs.secrets, ...(needs.access ? [ACCESS_SECRET] : [])];
  const policies = options.attach === 'policy' ? needs.rules.flatMap((rule) => referencePolicy(rule, instance)) : [];
  return [
    ...(options.deployment === undefined ? [] : deployment({ instance, ...options.deployment })),
    ...clusterRole(
      {
        suffix: 'credentials',
        // without a rule no Secret is named, and RBAC would take that for all of them
        rules: needs.rules.length === 0 && mode !== 'watcher' ? [] : clusterPermissions(mode, needs, options),
        purpose: 'What Transship may do in the whole cluster, and nothing more.',
      },
      role,
    ),
    ...(mode === 'namespaced' ? namespaceRoles(needs, role) : []),
    ...(needs.access ? accessRoles(options, role) : []),
    ...(needs.grants === undefined ? [] : grantRoles(needs.grants, options, role)),
    ...(mode === 'webhook' || mode === 'watcher' ? [] : tokenRoles(needs, role)),
    ...(changesAccounts ? accountGuard(ownSecrets, role) : []),
    ...policies,
    ...(admission === undefined ? [] : [namespaceWebhook({ instance, ...admission })]),
    ...(admission !== undefined && options.attach === 'webhook' ? [referenceWebhook({ instance, ...admission })] : []),
  ];
}

function namespaceRoles(needs: Needs, role: RoleOptions): Manifest[] {
  if (needs.rules.length === 0) return [];
  const rules = namespacePermissions(needs);
  return namedNamespaces(needs).flatMap((namespace) =>
    namespaceRole(
      { namespace, suffix: 'credentials', rules, purpose: `What Transship may do in ${namespace}, and nothing more.` },
      role,
    ),
  );
}

function tokenRoles({ tokenAccounts }: Needs, role: RoleOptions): Manifest[] {
  const byNamespace = Map.groupBy(tokenAccounts, ({ namespace }) => namespace);
  return [...byNamespace].flatMap(([namespace, accounts]) => {
    const names = [...new Set(accounts.map(({ name }) => name))].toSorted();
    const purpose = `Tokens of ${names.join(', ')}, which the registry inside of the cluster takes.`;
    return namespaceRole({ namespace, suffix: 'tokens', rules: tokenPermissions(names), purpose }, role);
  });
}
