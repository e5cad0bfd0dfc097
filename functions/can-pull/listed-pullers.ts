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

/** Whether it names this one, or everybody. Groups of others are not looked into. */
export function namesSubject({ who, asGrant }: AuditFinding, { name }: RoleSubject): boolean {
  const granted = (asGrant?.grantees ?? []).some((grantee) => 'name' in grantee && grantee.name === name);
  return granted || who.some((one) => one === name || one.endsWith(` ${name}`) || /^everybody(?: at all)?$/.test(one));
}

function isAbout({ target: { place }, what, asGrant }: AuditFinding, repository: string): boolean {
  if (place === repository || repository.startsWith(`${place}/`)) return true;
  const patterns = (asGrant?.what ?? []).flatMap((part) =>
    part.what.kind === 'repository' ? [part.what.pattern] : [],
  );
  if ([...patterns, ...what.split(', ')].some((pattern) => matchesRepository(pattern, repository))) return true;
  return place === '' && what.startsWith('every ');
}
