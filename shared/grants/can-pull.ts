// Whether somebody may pull an image from a registry that obeys a cluster: the API server is asked as the registry asks it, and the answer
// comes with the bindings behind it.
import type { Cluster } from '../cluster/cluster.ts';
import { getNamespace } from '../cluster/namespaces.ts';
import type { RoleSubject } from '../cluster/rbac-objects.ts';
import { isTransshipError } from '../errors.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { bindingsFor, type BindingsFor, type PulledImage } from './kubernetes/bindings-for.ts';
import { granteeOf } from './kubernetes/binding-class.ts';
import { missingSubjects } from './kubernetes/missing-subjects.ts';
import { nameOfSubject, pullerOf } from './kubernetes/review-points.ts';
import type { PullAnswer } from './pull-answer.ts';
import type { PullProfile } from './pull-profile.ts';
import { reviewPull, type PullReview } from './pull-review.ts';
import type { Site } from './site.ts';

export type ClusterQuestion = {
  subject: RoleSubject;
  image: Reference;
  /** As the site knows it: the image may name an alias. */
  registry: string;
  profile: PullProfile;
  site: Site;
  instance: string;
  signal?: AbortSignal;
};

/** @throws TransshipError as `Cluster.send`; asking for others takes the right to create subjectaccessreviews */
export async function canPullInCluster(cluster: Cluster, question: ClusterQuestion): Promise<PullAnswer> {
  const { subject, image, registry, profile } = question;
  const base = {
    subject: nameOfSubject(subject),
    image: formatReference(image),
    decidedBy: `cluster ${cluster.name}`,
    method: 'access-review' as const,
  };
  const [namespace = '', ...rest] = image.repository.split('/');
  const name = rest.join('/');
  if (name === '') {
    return {
      ...base,
      answer: 'unknown',
      why: `${image.repository} has no namespace, and every image of ${registry} has one`,
      by: [],
      notes: [],
      hint: `write it with its namespace, like ${registry}/shared-ns/${image.repository}`,
    };
  }
  const pulled = { registry, namespace, name };
  const options = optionsOf(question);
  const review = await reviewPull(cluster, profile, pullerOf(subject), { namespace, name }, options);
  const [bindings, absences] = await Promise.all([
    bindingsFor(cluster, subject, pulled, question),
    absencesOf(cluster, subject, namespace, options),
  ]);
  return { ...base, ...told(review, bindings, question, pulled), notes: notesOf(review, bindings, question, absences) };
}

type Told = Pick<PullAnswer, 'answer' | 'why' | 'by' | 'hint' | 'remedy'>;

function told(review: PullReview, { allowing }: BindingsFor, question: ClusterQuestion, pulled: PulledImage): Told {
  const { profile, site } = question;
  const what = `${profile.resource} of ${profile.group || 'the core group'}`;
  if (review.unserved) {
    return {
      answer: 'unserved',
      why: `nothing in cluster ${site.host} serves ${what}: whatever an access review says of it means nothing`,
      by: allowing,
      hint: `is the registry of this profile (${profile.name}) installed there? For a name that is in reviews only, set expectServed: false in a custom profile`,
    };
  }
  if (review.isAllowed) return { answer: 'yes', why: review.reason ?? `it may ${profile.verb} ${what}`, by: allowing };
  const reason = review.reason === undefined ? '' : ` (${review.reason})`;
  return {
    answer: 'no',
    why: `nothing lets it ${profile.verb} ${what} in namespace ${pulled.namespace}${reason}`,
    by: [],
    ...remedyOf(question, pulled),
  };
}

function remedyOf({ subject, site }: ClusterQuestion, { registry, namespace, name }: PulledImage) {
  const what = [{ registry, what: { kind: 'namespace' as const, name: namespace }, actions: ['pull' as const] }];
  const hint =
    subject.kind === 'ServiceAccount'
      ? `transship allow ${subject.namespace} ${registry}/${namespace}/${name}, or a grant in the configuration`
      : 'a grant in the configuration, and transship grants apply';
  return { hint, remedy: { grantees: [granteeOf(subject, site.host)], what } };
}

function notesOf(
  review: PullReview,
  { allowing, misplaced, isPartial }: BindingsFor,
  { profile }: ClusterQuestion,
  absences: readonly string[],
): string[] {
  const { evaluationError, formsDiffer, isAllowed, unserved } = review;
  const sent = profile.joinedForm ? 'as one word' : 'as a resource and its subresource';
  return [
    ...(evaluationError === undefined ? [] : [`the authorizer could not read all: ${evaluationError}`]),
    ...(formsDiffer
      ? [`asked the other way, the answer is another one: this registry sends ${profile.resource} ${sent}`]
      : []),
    ...absences,
    ...(isAllowed || unserved
      ? []
      : misplaced.map(
          ({ object, target, what }) =>
            `${object} in ${target.place} opens ${what}: a binding belongs into the Namespace of the images`,
        )),
    ...(isAllowed && allowing.length === 0 && !isPartial
      ? ['no binding says so: another authorizer than RBAC does']
      : []),
    ...(isPartial ? ['which bindings there are could not be read in full'] : []),
  ];
}

async function absencesOf(
  cluster: Cluster,
  subject: RoleSubject,
  namespace: string,
  options: { signal?: AbortSignal },
): Promise<string[]> {
  const [missing, isThere] = await Promise.all([
    missingSubjects(cluster, [subject], options),
    isNamespaceThere(cluster, namespace, options),
  ]);
  const nobody = missing(subject);
  return [
    ...(nobody === undefined ? [] : [nobody]),
    ...(isThere === false ? [`Namespace ${namespace} is not there, and no image in it`] : []),
  ];
}

/** Undefined: we may not look. */
async function isNamespaceThere(
  cluster: Cluster,
  name: string,
  options: { signal?: AbortSignal },
): Promise<boolean | undefined> {
  try {
    return (await getNamespace(cluster, name, options)) !== undefined;
  } catch (error) {
    if (isTransshipError(error, 'denied')) return undefined;
    throw error;
  }
}

function optionsOf({ signal }: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
