// What a grant is in a cluster: in each image namespace a RoleBinding of its own, for everybody whom its grantees mean, to the role of the
// platform that lets one pull, or to a Role of its own where it names single images.
import type { WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import { contentOf } from './binding-content.ts';
import { keyOf } from './binding-names.ts';
import { grantBindings, type GrantBinding } from './grant-bindings.ts';
import { subjectsOf, type GranteeSubject } from './grantee-subjects.ts';
import { imagePlaceOf, OWN_NAMESPACE, type ImagePlace, type NoPlace } from './image-places.ts';
import { uidsOf } from './pinned.ts';

/** A list of more is slow to read for everybody, and at some size it is refused. */
const MOST_SUBJECTS = 500;

export const kubernetesWanted: WantedEntries = (request) => {
  const { grant, instance, survey } = request;
  const places = placesOf(request);
  const meant = places.filter((place) => 'profile' in place);
  const grantees = request.grantees.map((grantee) => ({ grantee, subjects: subjectsOf(grantee, survey) }));
  const subjects = grantees.flatMap((one) => one.subjects ?? []);
  const bindings = grantBindings(meant, subjects, { grant: grant.id, instance });
  return {
    entries: [...bindings.values()].flatMap((same) => same.flatMap((one, index) => entriesOf(one, index > 0, request))),
    shortfalls: [
      ...places.filter((place) => 'message' in place).map((place) => unsupported(request, place)),
      ...grantees.filter((one) => one.subjects === undefined).map((one) => stranger(request, one.grantee.kind)),
      ...homeless(meant, subjects).map((one) => unsupported(request, one)),
      ...(subjects.length === 0 && grantees.every((one) => one.subjects !== undefined) ? [nobodyYet(request)] : []),
    ],
  };
};

function placesOf({ parts, site }: WantedRequest): (ImagePlace | NoPlace)[] {
  return parts.map((part) => {
    const profile = site.profiles.get(part.registry);
    if (profile !== undefined) return imagePlaceOf(part, profile);
    return {
      message: `${part.registry} does not ask cluster ${site.host} who may pull`,
      hint: `list it in the registries of cluster ${site.host}, with the profile by which it asks`,
    };
  });
}

/** @param isFurther the grant has another entry in this namespace, that keeps the plain key */
function entriesOf(binding: GrantBinding, isFurther: boolean, request: WantedRequest): WantedEntry[] {
  const { grant, site, survey } = request;
  const { namespace, roleRef, rules } = binding;
  const target = { backend: site.backend, host: site.host, place: namespace };
  const subjects = [...new Map(binding.subjects.map((one) => [textOf(one), one]))]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, one]) => one);
  const shards = Math.ceil(subjects.length / MOST_SUBJECTS);
  const overbroad = subjects.some(isEveryAccount) ? `every ServiceAccount of cluster ${site.host}` : undefined;
  return Array.from({ length: shards }, (_, shard): WantedEntry => {
    const ofShard = subjects.slice(shard * MOST_SUBJECTS, (shard + 1) * MOST_SUBJECTS);
    const bound = ofShard.map(({ subject }) => subject);
    return {
      target,
      key: keyOf({
        grant: grant.id,
        ...(isFurther && { role: rules === undefined ? roleRef.name : 'images' }),
        ...(shards > 1 && { shard }),
      }),
      content: contentOf({ roleRef, subjects: bound, ...(rules !== undefined && { rules }) }),
      grants: [grant.id],
      ...(overbroad !== undefined && { overbroad }),
      ...(grant.pin === 'uid' && { uids: uidsOf(namespace, ofShard, survey) }),
    };
  });
}

function textOf({ subject }: GranteeSubject): string {
  return subject.kind === 'ServiceAccount'
    ? `${subject.kind} ${subject.namespace}/${subject.name}`
    : `${subject.kind} ${subject.name}`;
}

function isEveryAccount({ subject }: GranteeSubject): boolean {
  return subject.kind === 'Group' && subject.name === 'system:serviceaccounts';
}

/** `{namespace}` of a user or a group is none. */
function homeless(places: readonly ImagePlace[], subjects: readonly GranteeSubject[]): NoPlace[] {
  if (!places.some(({ namespace }) => namespace === OWN_NAMESPACE)) return [];
  return subjects
    .filter(({ namespace }) => namespace === undefined)
    .map(({ subject: { kind, name } }) => ({
      message: `${OWN_NAMESPACE} is the grantee's own namespace, and ${kind} ${name} has none`,
      hint: 'name the namespace of the images, or put the user or group into a grant of its own',
    }));
}

function unsupported(request: WantedRequest, { message, hint }: NoPlace): Shortfall {
  return { grant: request.grant.id, target: wholeSite(request), state: 'Unsupported', message, hint };
}

function stranger(request: WantedRequest, kind: string): Shortfall {
  return unsupported(request, {
    message: `cluster ${request.site.host} knows no ${kind}: its subjects are ServiceAccounts, users and groups`,
    hint: 'name a ServiceAccount, a namespace, a user or a group of this cluster',
  });
}

/** No Namespace has the labels now; the next one that has gets its binding. */
function nobodyYet(request: WantedRequest): Shortfall {
  return {
    grant: request.grant.id,
    target: wholeSite(request),
    state: 'Pending',
    message: `no Namespace of cluster ${request.site.host} is meant by the selector now`,
    hint: 'label one, or look for a slip in the selector: kubectl get namespaces --show-labels',
  };
}

function wholeSite({ site }: WantedRequest): Shortfall['target'] {
  return { backend: site.backend, host: site.host, place: '' };
}
