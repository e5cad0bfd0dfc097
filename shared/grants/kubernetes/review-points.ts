// The questions that prove a binding: everybody whom it binds, each image that it names, asked as the registries that it can mean would.
import type { RoleSubject } from '../../cluster/rbac-objects.ts';
import type { PullProfile } from '../pull-profile.ts';
import type { Puller } from '../pull-review.ts';
import type { Site } from '../site.ts';
import type { BindingContent } from './binding-content.ts';

export type ReviewPoint = {
  /** `ServiceAccount my-ns/default`, with the image where one is named. */
  who: string;
  puller: Puller;
  image?: string;
  /** One that allows it is enough: a binding says which role, and not which of the registries that take it. */
  profiles: readonly PullProfile[];
};

/** By which the pulls of this binding are asked for; each once, whatever it is called. */
export function profilesOf({ roleRef, rules = [] }: BindingContent, { profiles }: Site): PullProfile[] {
  const byQuestion = new Map([...profiles.values()].map((profile) => [questionText(profile), profile]));
  return [...byQuestion.values()].filter(({ clusterRole, group, resource }) =>
    roleRef.kind === 'ClusterRole'
      ? clusterRole === roleRef.name
      : rules.some(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource)),
  );
}

/** None where no profile asks. */
export function reviewPoints(content: BindingContent, profiles: readonly PullProfile[]): ReviewPoint[] {
  const { subjects, rules } = content;
  if (profiles.length === 0) return [];
  if (rules === undefined) return subjects.map((subject) => pointOf(subject, profiles));
  return rules.flatMap(({ apiGroups, resources, resourceNames = [] }) => {
    const asking = profiles.filter(({ group, resource }) => apiGroups.includes(group) && resources.includes(resource));
    const images = asking.length === 0 ? [] : resourceNames;
    return images.flatMap((image) => subjects.map((subject) => pointOf(subject, asking, image)));
  });
}

function pointOf(subject: RoleSubject, profiles: readonly PullProfile[], image?: string): ReviewPoint {
  const about = image === undefined ? '' : ` for ${image}`;
  return {
    who: `${nameOfSubject(subject)}${about}`,
    puller: pullerOf(subject),
    profiles,
    ...(image !== undefined && { image }),
  };
}

export function nameOfSubject(subject: RoleSubject): string {
  const { kind, name } = subject;
  return subject.kind === 'ServiceAccount' ? `${kind} ${subject.namespace}/${name}` : `${kind} ${name}`;
}

/** As whoever asks for an access review names it. */
export function pullerOf(subject: RoleSubject): Puller {
  switch (subject.kind) {
    case 'ServiceAccount':
      return { user: `system:serviceaccount:${subject.namespace}:${subject.name}` };
    case 'User':
      return { user: subject.name };
    case 'Group':
      return { groups: [subject.name] };
    default:
      return subject satisfies never;
  }
}

function questionText({ name: _name, ...question }: PullProfile): string {
  return JSON.stringify(Object.entries(question).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
