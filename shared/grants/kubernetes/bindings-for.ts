// Finds the bindings by which one subject may pull one image, and those that look as if they were meant to let it.
import type { Cluster } from '../../cluster/cluster.ts';
import type { RoleSubject } from '../../cluster/rbac-objects.ts';
import type { AuditFinding } from '../audit-finding.ts';
import { groupsOf } from '../pull-review.ts';
import { missingSubjects } from './missing-subjects.ts';
import { toFinding, type AuditOptions } from './audit.ts';
import { readPullingBindings, type PullingBinding } from './pulling-bindings.ts';
import { homeOf } from './platform-bindings.ts';
import { pullerOf } from './review-points.ts';

export type PulledImage = {
  /** As the site knows it. */
  registry: string;
  namespace: string;
  /** Without its namespace. */
  name: string;
};

export type BindingsFor = {
  allowing: readonly AuditFinding[];
  /** They bind the subject in its own Namespace, where they open other images. */
  misplaced: readonly AuditFinding[];
  /** Some could not be read. */
  isPartial: boolean;
};

/** @throws TransshipError as `Cluster.send`, but for denied */
export async function bindingsFor(
  cluster: Cluster,
  subject: RoleSubject,
  image: PulledImage,
  { site, instance, ...options }: AuditOptions,
): Promise<BindingsFor> {
  const home = homeOf(subject);
  const namespaces = [...new Set([image.namespace, ...(home === undefined ? [] : [home])])];
  const { pulling, unread } = await readPullingBindings(cluster, site, { namespaces, ...options });
  const binding = pulling.filter(
    (one) => one.registries.includes(image.registry) && one.binding.subjects.some((bound) => means(bound, subject)),
  );
  const allowing = binding.filter((one) => opens(one, image));
  const misplaced = binding.filter((one) => isInOwnPlace(one, home, image));
  const named = [...allowing, ...misplaced].flatMap((one) => one.binding.subjects);
  const surroundings = { site, instance, missing: await missingSubjects(cluster, named, options) };
  return {
    allowing: allowing.map((one) => toFinding(one, surroundings)),
    misplaced: misplaced.map((one) => toFinding(one, surroundings)),
    isPartial: unread.length > 0,
  };
}

/** Whether whoever is the subject is bound by this one, too. */
function means(bound: RoleSubject, subject: RoleSubject): boolean {
  const puller = pullerOf(subject);
  const as = pullerOf(bound);
  if (as.user !== undefined) return as.user === puller.user;
  return bound.kind === 'Group' && groupsOf(puller).includes(bound.name);
}

function opens({ binding, reach }: PullingBinding, image: PulledImage): boolean {
  const isThere = binding.namespace === undefined || binding.namespace === image.namespace;
  return isThere && (reach.images === undefined || reach.images.includes(image.name));
}

function isInOwnPlace({ binding }: PullingBinding, home: string | undefined, image: PulledImage): boolean {
  return binding.namespace !== undefined && binding.namespace === home && home !== image.namespace;
}
