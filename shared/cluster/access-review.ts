// Asks a cluster who may do what: we ourselves, or somebody else.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
import { printable } from '../telemetry/printable.ts';
import type { Cluster } from './cluster.ts';
import { fieldOf, readObject, readText } from './json-fields.ts';

/** What is asked for; absent members: any name, every namespace, the core group. */
export type AccessQuestion = {
  verb: string;
  /** Plural. */
  resource: string;
  subresource?: string;
  group?: string;
  namespace?: string;
  name?: string;
};

export type AccessAnswer = {
  isAllowed: boolean;
  /** The authorizer's own words, if it has any. */
  reason?: string;
};

/** Who it is about: `system:serviceaccount:team-a:default` is in the groups `system:serviceaccounts` and `system:serviceaccounts:team-a`. */
export type AccessSubject = { user: string; groups?: readonly string[] };

type Options = { signal?: AbortSignal };

/** What we ourselves may do. @throws TransshipError as `Cluster.send` does */
export function reviewOwnAccess(cluster: Cluster, question: AccessQuestion, options: Options = {}) {
  return review(cluster, 'SelfSubjectAccessReview', { resourceAttributes: question }, options);
}

/** What somebody else may do; asking takes a right of its own. @throws TransshipError as `Cluster.send` does */
export function reviewAccess(
  cluster: Cluster,
  { user, groups }: AccessSubject,
  question: AccessQuestion,
  options: Options = {},
) {
  const spec = { user, ...(groups !== undefined && { groups }), resourceAttributes: question };
  return review(cluster, 'SubjectAccessReview', spec, options);
}

async function review(cluster: Cluster, kind: string, spec: object, options: Options): Promise<AccessAnswer> {
  const apiVersion = 'authorization.k8s.io/v1';
  const path = `/apis/${apiVersion}/${kind.toLowerCase()}s`;
  const answer = await cluster.send({ method: 'POST', path, body: { apiVersion, kind, spec }, ...options });
  const status = readObject(answer, 'status') ?? {};
  const reason = readText(status, 'reason');
  return {
    isAllowed: fieldOf(status, 'allowed') === true,
    ...(reason !== undefined && reason !== '' && { reason: printable(reason) }),
  };
}
