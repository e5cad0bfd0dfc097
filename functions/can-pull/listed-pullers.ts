// What a registry that decides by its own means says of one image: who may pull it, as its audit tells.
import { isTransshipError } from '../../shared/errors.ts';
import type { AuditFinding } from '../../shared/grants/audit-finding.ts';
import type { BackendFor } from '../../shared/grants/grants-run.ts';
import { matchesRepository } from '../../shared/grants/repository-pattern.ts';
import type { Site } from '../../shared/grants/site.ts';
import type { RoleSubject } from '../../shared/cluster/rbac-objects.ts';

/** Registries with thousands of repositories take their time. */
const LONGEST_MS = 30_000;

export type ListedPullers = { findings: readonly AuditFinding[]; notes: readonly string[] };

/** What cannot be read is a note. */
export async function listedPullers(
  backendFor: BackendFor,
  site: Site,
  repository: string,
  signal?: AbortSignal,
): Promise<ListedPullers> {
  if (site.backend === 'none') return { findings: [], notes: [] };
  const late = AbortSignal.timeout(LONGEST_MS);
  const both = signal === undefined ? late : AbortSignal.any([signal, late]);
  const findings: AuditFinding[] = [];
  try {
    const backend = await backendFor(site);
    for await (const finding of backend.audit({ signal: both })) {
      if (isAbout(finding, repository)) findings.push(finding);
    }
    return { findings, notes: [] };
  } catch (error) {
    signal?.throwIfAborted();
    if (late.aborted) return { findings, notes: [`${site.host} was not read to its end: it took too long`] };
    if (!isTransshipError(error)) throw error;
    return { findings, notes: [`what ${site.host} has for grants could not be read: ${error.message}`] };
  }
}

/**
 * Whether it lets this one in for certain, be it by name or as everybody. What ended, what hangs on something that nobody evaluated and
 * what groups have for members does not; a user and a group of one name are two.
 */
export function namesSubject({ who, until, isUncertain }: AuditFinding, subject: RoleSubject, now: Date): boolean {
  if (isUncertain === true || (until !== undefined && !(new Date(until) > now))) return false;
  return who.some((one) => /^everybody(?: at all)?$/.test(one) || isName(one, subject));
}

const GROUPS = new Set(['group', 'team']);

/** `user jane`, `group:dev@acme.io`, `account 123456789012`; a name alone is a user's, or says itself what it is. */
function isName(text: string, { kind, name }: RoleSubject): boolean {
  if (text === name) return true;
  const [, type = '', rest] = /^(\w+)[ :](.*)$/s.exec(text) ?? [];
  return rest === name && GROUPS.has(type.toLowerCase()) === (kind === 'Group');
}

function isAbout({ target: { place }, what, asGrant }: AuditFinding, repository: string): boolean {
  if (place === repository || repository.startsWith(`${place}/`)) return true;
  const patterns = (asGrant?.what ?? []).flatMap((part) =>
    part.what.kind === 'repository' ? [part.what.pattern] : [],
  );
  if ([...patterns, ...what.split(', ')].some((pattern) => matchesRepository(pattern, repository))) return true;
  return place === '' && what.startsWith('every ');
}
