// A pull grant as somebody declared it: who may pull what, from where, from when until when, and why. How each registry says the same is
// the matter of its back end.
import type { LabelSelector } from '../cluster/label-selector.ts';

/** Grantees of Kubernetes are those of one cluster, by its name in the configuration. */
export type Grantee =
  | { kind: 'ServiceAccount'; cluster: string; namespace: string; name: string }
  /** Every ServiceAccount of a namespace. */
  | { kind: 'NamespaceServiceAccounts'; cluster: string; namespace: string }
  /** Of every namespace that the selector means: all its ServiceAccounts, or those named. `all` is every namespace there is. */
  | {
      kind: 'NamespaceSelector';
      cluster: string;
      selector: LabelSelector | 'all';
      serviceAccounts?: readonly string[];
    }
  /** With a cluster: of Kubernetes; without: of the registry (a member of a Harbor project, a user of Quay). */
  | { kind: 'User'; cluster?: string; name: string }
  | { kind: 'Group'; cluster?: string; name: string }
  /** Twelve digits. */
  | { kind: 'AwsAccount'; id: string }
  | { kind: 'AwsPrincipal'; arn: string }
  /** `o-…`; paths like `o-…/r-…/ou-…/*`. */
  | { kind: 'AwsOrganization'; id: string; paths?: readonly string[] }
  /** `serviceAccount:…`, `group:…`, `user:…`, `domain:…`, `principal://…`, `principalSet://…`, `allUsers`, `allAuthenticatedUsers`. */
  | { kind: 'GooglePrincipal'; member: string }
  | { kind: 'AzurePrincipal'; objectId: string; principalType: AzurePrincipalType }
  /** A robot account of Quay (`organization+name`), or one that is made for this grant (Harbor, an ACR token), with its Secret kept there. */
  | { kind: 'Robot'; name: string; secret?: SecretPlace }
  /** A team of Quay. */
  | { kind: 'Team'; name: string }
  /** Made for this grant at GitLab. */
  | { kind: 'DeployToken'; name: string; secret?: SecretPlace };

export type AzurePrincipalType = 'User' | 'Group' | 'ServicePrincipal';

/** Where a password is kept that a registry shows only once: a Secret of type kubernetes.io/dockerconfigjson. */
export type SecretPlace = { cluster: string; namespace: string; name: string };

/** `list`: also the names of the tags, where the registry keeps them apart. */
export type PullAction = 'pull' | 'list';

/**
 * `namespace`: everything in an image namespace of a registry inside of a cluster; `{namespace}` is the grantee's own.
 * `repository`: one (`team-a/app`), those of one level (`team-a/*`), or of any depth (`team-a/**`, `**`).
 */
export type PullPart = {
  /** `host[:port]`, as references name it. */
  registry: string;
  what: { kind: 'namespace'; name: string } | { kind: 'repository'; pattern: string };
  actions: readonly PullAction[];
};

/** A request for access as a whole: beside what the grant says, a Secret with the credential is kept there as long as the grant holds. */
export type GrantedAccess = {
  cluster: string;
  namespace: string;
  /** Whose credentials are brought there for it; none where a rule of the configuration does so. */
  registries: readonly string[];
  /** Whose `imagePullSecrets` name the Secret. */
  serviceAccounts: readonly string[];
};

export type PullGrant = {
  /** `^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`; the name in the configuration. */
  id: string;
  grantees: readonly Grantee[];
  what: readonly PullPart[];
  /** Absent: at once. */
  notBefore?: Date;
  /** Absent: never ends. */
  expiresAt?: Date;
  reason: string;
  /** Of a grant in a file: that file. */
  requestedBy?: string;
  /** Compulsory where everybody, or every repository, is meant. */
  approvedBy?: string;
  ticket?: string;
  /** `observe`: drift is told and nothing is written. */
  mode: 'enforce' | 'observe';
  /** `warn`: it is told, and stays. Not where the back end itself ends it. */
  onExpiry: 'revoke' | 'warn';
  /** `uid`: a namespace or ServiceAccount made anew under the same name gets nothing until somebody confirms it. */
  pin: 'name' | 'uid';
  /** Take over an entry of somebody else that says exactly the same. */
  adopt: boolean;
  /** `store`: by the API; the configuration does not know of it. */
  origin: 'file' | 'store';
  /** Of a request for access. `what` is empty then where the credential alone decides. */
  access?: GrantedAccess;
};
