// RBAC cannot limit a change of a ServiceAccount to one field, and its annotations give Pods the roles of clouds: a policy of admission
// lets us change nothing but `imagePullSecrets`, and there only our own entries.
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
import { objectNameOf, partOf, type Manifest, type Subject } from './kubernetes-object.ts';

const API = 'admissionregistration.k8s.io/v1';

/** Members of a ServiceAccount that must stay as they are, each with what stands for its absence. */
const UNTOUCHED = [
  ['metadata.?labels', '{}'],
  ['metadata.?annotations', '{}'],
  ['metadata.?finalizers', '[]'],
  ['metadata.?ownerReferences', '[]'],
  ['?secrets', '[]'],
  ['?automountServiceAccountToken', 'true'],
] as const;

export function accountGuard(
  secrets: readonly string[],
  { instance, subject }: { instance: string; subject: Subject },
): Manifest[] {
  const name = objectNameOf(instance, 'service-accounts');
  const metadata = { name, labels: partOf(instance) };
  return [
    {
      purpose:
        'Transship may change ServiceAccounts only by adding and removing references to its own Secrets: RBAC alone would let it change annotations, too.',
      object: {
        apiVersion: API,
        kind: 'ValidatingAdmissionPolicy',
        metadata,
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [
              { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['serviceaccounts'] },
            ],
          },
          matchConditions: [{ name: 'by-transship', expression: isSubject(subject) }],
          validations: [
            {
              expression: UNTOUCHED.map(([member, absent]) => isSame(member, absent)).join(' && '),
              message: 'Transship may change nothing but imagePullSecrets',
            },
            {
              expression: `${isKept('object', 'oldObject', secrets)} && ${isKept('oldObject', 'object', secrets)}`,
              message: 'Transship may add and remove only references to its own Secrets',
            },
          ],
        },
      },
    },
    {
      purpose: 'The policy holds in the whole cluster.',
      object: {
        apiVersion: API,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata,
        spec: { policyName: name, validationActions: ['Deny'] },
      },
    },
  ];
}

function isSubject(subject: Subject): string {
  if ('group' in subject) return `${JSON.stringify(subject.group)} in request.userInfo.groups`;
  const { namespace, name } = 'serviceAccount' in subject ? subject.serviceAccount : { namespace: '', name: '' };
  const user = 'user' in subject ? subject.user : `system:serviceaccount:${namespace}:${name}`;
  return `request.userInfo.username == ${JSON.stringify(user)}`;
}

function isSame(member: string, absent: string): string {
  const value = (root: string) => `${root}.${member}.orValue(${absent})`;
  return `${value('object')} == ${value('oldObject')}`;
}

/** Every entry of one is ours or stands in the other. */
function isKept(one: string, other: string, secrets: readonly string[]): string {
  const entries = (root: string) => `${root}.?imagePullSecrets.orValue([])`;
  const nameOf = (entry: string) => `${entry}.?name.orValue("")`;
  const isThere = `${entries(other)}.exists(o, ${nameOf('o')} == ${nameOf('r')})`;
  return `${entries(one)}.all(r, ${nameOf('r')} in ${JSON.stringify(secrets)} || ${isThere})`;
}
