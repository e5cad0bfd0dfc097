// Asks an API server as a registry that obeys it does: may this one pull an image? Nothing is guessed: groups are filled in, the resource is
// asked for in both forms and the one that the registry sends decides, and a resource that nobody serves is told.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
import { reviewAccess, type AccessAnswer, type AccessQuestion } from '../cluster/access-review.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { isResourceServed } from '../cluster/served-resources.ts';
import type { PullProfile } from './pull-profile.ts';

/** As a TokenReview tells it, or as people name it: groups that follow from the name need not be among them. */
export type Puller = {
  /** Absent: somebody who is nothing but a member of the groups. */
  user?: string;
  groups?: readonly string[];
  uid?: string;
  extra?: Readonly<Record<string, readonly string[]>>;
};

export type PullPlace = {
  /** Of the image. */
  namespace: string;
  /** The image, without its namespace; asked about only where the registry does. */
  name?: string;
  /** Absent: that of a pull. */
  verb?: string;
};

export type PullReview = {
  /** The authorizer says so of the form that the registry sends, and some API serves the resource as far as one should. */
  isAllowed: boolean;
  /** In the words of the authorizer: which binding allows it. */
  reason?: string;
  evaluationError?: string;
  /** No API of the cluster serves what the registry asks about: the answer may be to another question. */
  unserved: boolean;
  /** The other form gets the other answer: a role names one of `imagestreams/layers` and `*` with its subresources only. */
  formsDiffer: boolean;
};

type Options = { signal?: AbortSignal };

/** @throws TransshipError as `Cluster.send` does; asking for others takes the right to create subjectaccessreviews */
export async function reviewPull(
  cluster: Cluster,
  profile: PullProfile,
  puller: Puller,
  place: PullPlace,
  options: Options = {},
): Promise<PullReview> {
  const [sent, other, isServed] = await Promise.all([
    askPull(cluster, profile, puller, place, options),
    isJoinable(profile)
      ? askPull(cluster, { ...profile, joinedForm: !profile.joinedForm }, puller, place, options)
      : undefined,
    isProfileServed(cluster, profile, options),
  ]);
  return {
    ...sent,
    isAllowed: sent.isAllowed && isServed,
    unserved: !isServed,
    formsDiffer: other !== undefined && other.isAllowed !== sent.isAllowed,
  };
}

/** The authorizer's answer to the very question of the registry, whether that is served or not. @throws as `reviewPull` */
export function askPull(
  cluster: Cluster,
  profile: PullProfile,
  puller: Puller,
  place: PullPlace,
  options: Options = {},
): Promise<AccessAnswer> {
  return reviewAccess(cluster, toSubject(puller), toQuestion(profile, place), options);
}

/** True also for a resource that is meant to be a name only. @throws TransshipError as `isResourceServed` does */
export async function isProfileServed(
  cluster: Cluster,
  { expectServed, group, resource }: PullProfile,
  options: Options = {},
): Promise<boolean> {
  return !expectServed || (await isResourceServed(cluster, { group, resource }, options));
}

function toQuestion(profile: PullProfile, { namespace, name, verb }: PullPlace): AccessQuestion {
  const [resource = '', subresource] = profile.joinedForm ? [profile.resource] : profile.resource.split('/');
  return {
    namespace,
    verb: verb ?? profile.verb,
    group: profile.group,
    resource,
    ...(subresource !== undefined && { subresource }),
    ...(name !== undefined && profile.nameFrom === 'image' && { name }),
  };
}

function isJoinable({ resource }: PullProfile): boolean {
  return resource.includes('/');
}

/** A review takes some user, and this is none that a cluster knows. */
const NOBODY = 'transship:nobody-in-particular';

// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens
const SERVICE_ACCOUNT = /^system:serviceaccount:(?<namespace>[^:]+):[^:]+$/;

function toSubject({ user = NOBODY, groups = [], ...rest }: Puller) {
  return { user, groups: groupsOf({ user, groups }), ...rest };
}

/** Those that are told, and those that follow. */
export function groupsOf({ user = NOBODY, groups = [] }: Puller): string[] {
  return [...new Set([...groups, ...impliedGroups(user, groups)])];
}

/** Those that an API server would put to whoever logs in by that name. */
function impliedGroups(user: string, groups: readonly string[]): string[] {
  if (user === 'system:anonymous') return ['system:unauthenticated'];
  if (user === NOBODY && groups.includes('system:unauthenticated')) return [];
  const namespace = SERVICE_ACCOUNT.exec(user)?.groups?.['namespace'];
  const ofAccount = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return [...ofAccount, 'system:authenticated'];
}
