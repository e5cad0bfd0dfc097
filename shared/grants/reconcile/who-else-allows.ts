// Who lets somebody pull whom a grant of ours does not let pull any more: another grant of ours, which is right, or somebody else's.
import type { AuditFinding } from '../audit-finding.ts';
import { targetKey, type Target } from '../site.ts';
import { nameOf } from './look-at-site.ts';
import type { SiteRun } from './site-run.ts';
import { within } from './within.ts';

type Gone = { target: Target; key: string; grants: readonly string[] };

const MOST_NAMED = 3;

/**
 * @param said by whoever was asked, in its own words
 * @returns in words; undefined where it is another grant of ours
 */
export async function whoElseAllows(site: SiteRun, gone: Gone, said: string | undefined): Promise<string | undefined> {
  if (said !== undefined && namesOurs(site, gone, said)) return undefined;
  const findings = (await audited(site)).filter(({ target }) => isThere(target, gone.target));
  const named = findings.filter(({ object }) => said !== undefined && isNamed(object, said));
  if (named.some((finding) => isOfOther(finding, gone))) return undefined;
  const others = findings.filter(
    (finding) => finding.class === 'foreign' || finding.class === 'adoptable' || finding.class === 'over-broad',
  );
  const [first] = named.length > 0 ? named : others;
  if (first !== undefined) return listed(named.length > 0 ? named : others);
  if (said === undefined && findings.some((finding) => isOfOther(finding, gone))) return undefined;
  return said ?? `somebody else's at ${nameOf(gone.target)}`;
}

function namesOurs({ context }: SiteRun, { target, key }: Gone, said: string): boolean {
  return [...context.state().entries.values()].some(
    (record) =>
      record.content !== undefined &&
      record.key !== key &&
      isThere(record.target, target) &&
      isNamed(record.label, said),
  );
}

/** By the last word of what it is called: `RoleBinding pull-grant-base`. */
function isNamed(label: string, said: string): boolean {
  const name = label.split(' ').at(-1) ?? label;
  const words = said.split(/[\s"',;()]+/).flatMap((word) => [word, ...word.split('/')]);
  return words.includes(name);
}

function isOfOther(finding: AuditFinding, { grants }: Gone): boolean {
  return finding.class === 'ours' && finding.grant !== undefined && !grants.includes(finding.grant);
}

/** At the same place, or for the whole site. */
function isThere(place: Target, target: Target): boolean {
  return place.place === '' || targetKey(place) === targetKey(target);
}

/** None where it cannot be told. */
async function audited({ context, look }: SiteRun): Promise<AuditFinding[]> {
  const { backend, at } = look;
  if (backend === undefined) return [];
  const limit = { ms: context.limits.readMs, clock: context.run.clock, who: nameOf(at.site) };
  try {
    return await within(limit, (signal) => Array.fromAsync(backend.audit({ signal })));
  } catch {
    return [];
  }
}

function listed(findings: readonly AuditFinding[]): string {
  const names = findings.slice(0, MOST_NAMED).map(({ object, who }) => `${object} (${who.join(', ')})`);
  const more = findings.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
