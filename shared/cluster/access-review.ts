// Asks a cluster who may do what: we ourselves, or somebody else.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
import { printable } from '../telemetry/printable.ts';
import type { Cluster } from './cluster.ts';
import { fieldOf, readObject, readText } from './json-fields.ts';

/** What is asked for; absent members: any name, every namespace, the core group. */
export type AccessQuestion = {
  verb: string;
  /** Plural. With a slash it is a resource of that very name, which some registries ask for: no rule for a subresource of all means it. */
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
  /** What it could not read, so that its answer may be wrong: a role that is bound and not there. */
  evaluationError?: string;
};

/**
 * Who it is about. Groups are not filled in: `system:serviceaccount:team-a:default` is in `system:serviceaccounts`,
 * `system:serviceaccounts:team-a` and `system:authenticated`.
 */
export type AccessSubject = {
  user: string;
  groups?: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
};

type Options = { signal?: AbortSignal };

/** What we ourselves may do. @throws TransshipError as `Cluster.send` does */
export function reviewOwnAccess(cluster: Cluster, question: AccessQuestion, options: Options = {}) {
  return review(cluster, 'SelfSubjectAccessReview', { resourceAttributes: question }, options);
}

/** What somebody else may do; asking takes a right of its own. @throws TransshipError as `Cluster.send` does */
export function reviewAccess(
  cluster: Cluster,
  subject: AccessSubject,
  question: AccessQuestion,
  options: Options = {},
) {
  return review(cluster, 'SubjectAccessReview', { ...subject, resourceAttributes: question }, options);
}

async function review(cluster: Cluster, kind: string, spec: object, options: Options): Promise<AccessAnswer> {
  const apiVersion = 'authorization.k8s.io/v1';
  const path = `/apis/${apiVersion}/${kind.toLowerCase()}s`;
  const answer = await cluster.send({ method: 'POST', path, body: { apiVersion, kind, spec }, ...options });
  const status = readObject(answer, 'status') ?? {};
  const reason = readText(status, 'reason') ?? '';
  const evaluationError = readText(status, 'evaluationError') ?? '';
  return {
    isAllowed: fieldOf(status, 'allowed') === true,
    ...(reason !== '' && { reason: printable(reason) }),
    ...(evaluationError !== '' && { evaluationError: printable(evaluationError) }),
  };
}
