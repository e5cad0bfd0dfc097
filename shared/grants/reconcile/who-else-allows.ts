// Who lets somebody pull whom an entry of ours does not let pull any more: another one of ours, which is right, or somebody else's.
import type { AuditFinding } from '../audit-finding.ts';
import { isRead, type ObservedEntry } from '../entry.ts';
import { isOurs } from '../ownership.ts';
import { entryKey } from '../plan-hash.ts';
import { targetKey, type Target } from '../site.ts';
import { nameOf } from './look-at-site.ts';
import type { SiteRun } from './site-run.ts';
import { within } from './within.ts';

type Gone = { target: Target; key: string; grants: readonly string[] };

const MOST_NAMED = 3;
const FRESH_MS = 15_000;
const OF_OTHERS: readonly AuditFinding['class'][] = ['foreign', 'adoptable', 'over-broad'];

/**
 * @param said by whoever was asked, in its own words
 * @returns in words; undefined where it is another entry of ours
 */
export async function whoElseAllows(site: SiteRun, gone: Gone, said: string | undefined): Promise<string | undefined> {
  const seen = (await audited(site)).filter(({ target }) => isThere(target, gone.target));
  const entries = await unmarkedAt(site, gone.target);
  const findings = seen.flatMap((finding) => ofJournal(site, entries, finding));
  const named = findings.filter(({ object }) => said !== undefined && isNamed(object, said));
  if (named.some((finding) => isRight(site, finding, gone))) return undefined;
  if (named.length > 0) return listed(named);
  const others = findings.filter((finding) => OF_OTHERS.includes(finding.class));
  if (others.length > 0) return listed(others);
  if (said === undefined && findings.some((finding) => isRight(site, finding, gone))) return undefined;
  return said ?? `somebody else's at ${nameOf(gone.target)}`;
}

/** Where the back end has no room for a mark, what we wrote looks like anybody's there: only the journal knows better. */
function ofJournal({ context }: SiteRun, entries: readonly ObservedEntry[], finding: AuditFinding): AuditFinding[] {
  const entry = entries.find(({ label }) => label === finding.object);
  if (entry === undefined) return [finding];
  const record = context.state().entries.get(entryKey(finding.target, entry.key));
  if (record === undefined || !isOurs(entry, record)) return [finding];
  return record.grants.map((grant) => ({ ...finding, class: 'ours', grant }));
}

/** As they stand there by now: this run may have written some. */
async function unmarkedAt({ context, look }: SiteRun, target: Target): Promise<ObservedEntry[]> {
  const { backend, targets } = look;
  const before = targets.get(targetKey(target));
  const isUnmarked = ({ owner }: ObservedEntry): boolean => owner === 'unmarked';
  if (backend === undefined || before === undefined || !isRead(before) || !before.entries.some(isUnmarked)) return [];
  const limit = { ms: context.limits.readMs, clock: context.run.clock, who: nameOf(target) };
  const { entries } = await within(limit, (signal) => backend.observe(target, { signal })).catch(() => before);
  return entries.filter(isUnmarked);
}

/** `RoleBinding by-hand` is named by `allowed by RoleBinding "by-hand/shared-ns" of ClusterRole …`. */
function isNamed(object: string, said: string): boolean {
  const [kind = '', ...rest] = object.split(' ');
  const name = rest.join(' ');
  return [`${kind} ${name}`, `${kind} "${name}`].some((start) => {
    const at = said.indexOf(start);
    return name !== '' && at >= 0 && !/[\w.-]/.test(said.charAt(at + start.length));
  });
}

/** Of another grant of ours, or of the same one by an entry that stays. */
function isRight({ context }: SiteRun, { class: found, grant }: AuditFinding, gone: Gone): boolean {
  if (found !== 'ours' || grant === undefined) return false;
  if (!gone.grants.includes(grant)) return true;
  return [...context.state().entries.values()].some(
    ({ target, key, grants, content }) =>
      content !== undefined &&
      key !== gone.key &&
      grants.includes(grant) &&
      targetKey(target) === targetKey(gone.target),
  );
}

/** At the same place, or for the whole site. */
function isThere(place: Target, target: Target): boolean {
  return place.place === '' || targetKey(place) === targetKey(target);
}

/** Of a whole site, which is long to read where it is large: soon after each other all ask for the same one. */
function audited(site: SiteRun): Promise<readonly AuditFinding[]> {
  const now = site.context.run.clock.now().getTime();
  if (site.audit === undefined || now - site.audit.beganAt > FRESH_MS) {
    site.audit = { beganAt: now, findings: audit(site) };
  }
  return site.audit.findings;
}

/** None where it cannot be told. */
async function audit({ context, look }: SiteRun): Promise<AuditFinding[]> {
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
