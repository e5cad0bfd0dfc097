// Tells which bindings of a cluster let somebody pull, by the rules of their roles and not by their names.
import type { Cluster } from '../../cluster/cluster.ts';
import type { Binding } from '../../cluster/rbac-objects.ts';
import { TransshipError } from '../../errors.ts';
import type { AuditFinding } from '../audit-finding.ts';
import type { Site } from '../site.ts';
import { classOf, flagsOf, grantOf } from './binding-class.ts';
import { ownerOf } from './binding-marks.ts';
import { missingSubjects, type MissingText } from './missing-subjects.ts';
import { readPullingBindings, type PullingBinding } from './pulling-bindings.ts';
import { nameOfSubject } from './review-points.ts';

export type AuditOptions = { site: Site; instance: string; signal?: AbortSignal };

/**
 * Those of the whole cluster first; at the end ours whose role lets nobody pull.
 * @throws TransshipError denied where some of it may not be read, after all that could be; else as `Cluster.send`
 */
export async function* auditCluster(
  cluster: Cluster,
  { site, instance, ...options }: AuditOptions,
): AsyncGenerator<AuditFinding> {
  const { pulling, others, unread } = await readPullingBindings(cluster, site, options);
  const subjects = pulling.flatMap(({ binding }) => binding.subjects);
  const missing = await missingSubjects(cluster, subjects, options);
  for (const one of pulling) yield toFinding(one, { site, instance, missing });
  for (const { binding, hasRole } of others) {
    if (ownerOf(binding, instance) !== undefined) yield powerless(binding, hasRole, { site, instance });
  }
  const [problem] = unread;
  if (problem === undefined) return;
  throw new TransshipError('denied', `the audit of cluster ${cluster.name} is not complete: ${problem.message}`, {
    hint: 'let Transship list Roles, RoleBindings, ClusterRoles and ClusterRoleBindings of that cluster',
    cause: problem,
  });
}

type AuditSurroundings = { site: Site; instance: string; missing: MissingText };

/** What a binding by which somebody may pull is in an audit. */
export function toFinding(pulling: PullingBinding, surroundings: AuditSurroundings): AuditFinding {
  const { binding, kind } = pulling;
  const found = classOf(pulling, surroundings);
  // a platform has accounts that it makes when it needs them
  const dead = found === 'platform' ? [] : binding.subjects.flatMap((one) => surroundings.missing(one) ?? []);
  return {
    ...baseOf(binding, kind, surroundings),
    what: whatOf(pulling),
    class: found,
    flags: [...flagsOf(pulling, surroundings), ...new Set(dead)],
    ...(found === 'adoptable' && { asGrant: grantOf(pulling, surroundings) }),
  };
}

function powerless(
  binding: Binding,
  hasRole: boolean,
  surroundings: Pick<AuditSurroundings, 'site' | 'instance'>,
): AuditFinding {
  const { roleRef, namespace = '' } = binding;
  const why = hasRole ? 'allows no pull' : 'is not there';
  return {
    ...baseOf(binding, 'RoleBinding', surroundings),
    what: namespace,
    class: 'ours',
    flags: [`it lets nobody pull: ${roleRef.kind} ${roleRef.name} ${why}`],
  };
}

function baseOf(
  binding: Binding,
  kind: PullingBinding['kind'],
  { site, instance }: Pick<AuditSurroundings, 'site' | 'instance'>,
): Pick<AuditFinding, 'target' | 'object' | 'who' | 'grant'> {
  const grant = ownerOf(binding, instance)?.grant;
  return {
    target: { backend: site.backend, host: site.host, place: binding.namespace ?? '' },
    object: `${kind} ${binding.name}`,
    who: binding.subjects.map(nameOfSubject),
    // the mark of one that somebody damaged names no grant
    ...(grant !== undefined && !grant.startsWith('?') && { grant }),
  };
}

/** `every image`, `shared-ns`, `shared-ns/base, shared-ns/app`. */
function whatOf({ binding: { namespace }, reach: { images } }: PullingBinding): string {
  if (namespace === undefined)
    return images === undefined ? 'every image' : `every image called ${images.join(' or ')}`;
  return images === undefined ? namespace : images.map((image) => `${namespace}/${image}`).join(', ');
}
