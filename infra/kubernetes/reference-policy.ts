// The API server itself gives new ServiceAccounts their references, before a first Pod can be made with them: a policy of admission for
// each rule. Where the cluster is too old for these, a webhook does the same.
// https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
import type { CredentialRuleConfig } from '../../shared/config/config.ts';
import { objectNameOf, partOf, type Manifest } from './kubernetes-object.ts';
import { secretNamesOf } from './needs.ts';

const API = 'admissionregistration.k8s.io/v1';

/** The policy of one rule and its binding; none for a rule that gives no references. */
export function referencePolicy(rule: CredentialRuleConfig, instance: string): Manifest[] {
  if (rule.serviceAccounts === 'none') return [];
  const name = objectNameOf(instance, 'references', rule.name);
  const metadata = { name, labels: partOf(instance) };
  const conditions = conditionsOf(rule);
  return [
    {
      purpose: `Rule ${rule.name}: a new ServiceAccount has its references at once, so that no Pod can be made before. Kubernetes 1.36 or later; for older clusters: --attach webhook.`,
      object: {
        apiVersion: API,
        kind: 'MutatingAdmissionPolicy',
        metadata,
        spec: {
          // a mistake here must keep nobody from making a ServiceAccount: Transship adds what is missing
          failurePolicy: 'Ignore',
          reinvocationPolicy: 'IfNeeded',
          matchConstraints: {
            ...selectors(rule),
            resourceRules: [
              { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['serviceaccounts'] },
            ],
          },
          ...(conditions.length === 0 ? {} : { matchConditions: conditions }),
          mutations: secretNamesOf(rule).map((secret) => ({
            patchType: 'JSONPatch',
            jsonPatch: { expression: addReference(secret) },
          })),
        },
      },
    },
    {
      purpose: 'The policy holds in the whole cluster.',
      object: { apiVersion: API, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: { policyName: name } },
    },
  ];
}

/**
 * A list that is there gets one more entry: what others wrote into it stays. The entry is a plain map, because an API server that is
 * given a list of `Object{…}` breaks off the request, whatever the failure policy says.
 * https://github.com/kubernetes/kubernetes/issues/142181
 */
function addReference(secret: string): string {
  const reference = `{"name": ${JSON.stringify(secret)}}`;
  const isThere = `object.imagePullSecrets.exists(r, r.?name.orValue("") == ${JSON.stringify(secret)})`;
  const append = `[JSONPatch{op: "add", path: "/imagePullSecrets/-", value: ${reference}}]`;
  const begin = `[JSONPatch{op: "add", path: "/imagePullSecrets", value: [${reference}]}]`;
  return `has(object.imagePullSecrets) ? (${isThere} ? [] : ${append}) : ${begin}`;
}

function selectors({ namespaces, serviceAccounts }: CredentialRuleConfig): object {
  const isSelecting = typeof serviceAccounts === 'object' && 'selector' in serviceAccounts;
  return {
    ...(namespaces.selector === undefined ? {} : { namespaceSelector: namespaces.selector }),
    ...(isSelecting ? { objectSelector: serviceAccounts.selector } : {}),
  };
}

function conditionsOf({ namespaces, serviceAccounts }: CredentialRuleConfig): { name: string; expression: string }[] {
  const { names, exclude } = namespaces;
  const accounts =
    typeof serviceAccounts === 'object' && 'names' in serviceAccounts ? serviceAccounts.names : undefined;
  return [
    ...(accounts === undefined
      ? []
      : [{ name: 'named-account', expression: `object.metadata.name in ${JSON.stringify(accounts)}` }]),
    ...(names === undefined ? [] : [{ name: 'named-namespace', expression: fits(names) }]),
    ...(exclude.length === 0 ? [] : [{ name: 'not-excluded', expression: `!${fits(exclude)}` }]),
  ];
}

/** https://github.com/google/re2/wiki/Syntax: names and stars hold nothing else that means something there but dots. */
function fits(patterns: readonly string[]): string {
  const parts = patterns.map((pattern) => pattern.replaceAll('.', '[.]').replaceAll('*', '.*'));
  return `request.namespace.matches(${JSON.stringify(`^(?:${parts.join('|')})$`)})`;
}
