// Makes grants of what an audit found and a grant could say just as well, so that what people made by hand can be declared.
import type { AuditFinding } from './audit-finding.ts';
import { canonicalText } from './canonical.ts';
import type { Grantee, PullGrant, PullPart } from './grant.ts';
import { toPlain } from './plain.ts';

export type ImportOptions = {
  /** Take it over, with the next apply; otherwise it is only looked at. */
  adopt: boolean;
  /** Only these registries, as the configuration names them; absent: all. */
  registries?: readonly string[];
  /** Those that are declared already. */
  declared: readonly PullGrant[];
  now: Date;
};

export type ImportedGrants = {
  imported: readonly { grant: PullGrant; finding: AuditFinding }[];
  /** A grant says the same already. */
  known: readonly { grant: string; finding: AuditFinding }[];
};

/** In the order of the findings; names are made safe, and unique among these and the declared ones. */
export function importGrants(findings: readonly AuditFinding[], options: ImportOptions): ImportedGrants {
  const { adopt, registries, declared, now } = options;
  const taken = new Set(declared.map(({ id }) => id));
  const imported: { grant: PullGrant; finding: AuditFinding }[] = [];
  const known: { grant: string; finding: AuditFinding }[] = [];
  for (const finding of findings) {
    if (finding.class !== 'adoptable' || finding.asGrant === undefined || isOver(finding, now)) continue;
    const { grantees } = finding.asGrant;
    const what = finding.asGrant.what.filter(({ registry }) => registries?.includes(registry) ?? true);
    if (what.length === 0 || grantees.length === 0) continue;
    const same = declared.find((grant) => says(grant, grantees, what));
    if (same !== undefined) {
      known.push({ grant: same.id, finding });
      continue;
    }
    const id = nameFor(finding, taken);
    taken.add(id);
    imported.push({ grant: grantFor(finding, { id, grantees, what, adopt }), finding });
  }
  return { imported, known };
}

function grantFor(
  { object, target, until }: AuditFinding,
  { adopt, ...own }: Pick<PullGrant, 'id' | 'grantees' | 'what' | 'adopt'>,
): PullGrant {
  const place = target.place === '' ? target.host : `${target.place} (${target.host})`;
  return {
    ...own,
    adopt,
    ...(until === undefined ? {} : { expiresAt: new Date(until) }),
    reason: `imported: ${object} of ${place}`,
    mode: adopt ? 'enforce' : 'observe',
    onExpiry: 'revoke',
    pin: 'name',
    origin: 'file',
  };
}

function isOver({ until }: AuditFinding, now: Date): boolean {
  return until !== undefined && !(new Date(until).getTime() > now.getTime());
}

/** All of these to all of them, whatever else it says. */
function says(grant: PullGrant, grantees: readonly Grantee[], what: readonly PullPart[]): boolean {
  return includesAll(grant.grantees, grantees) && includesAll(grant.what, what);
}

function includesAll<Value>(all: readonly Value[], some: readonly Value[]): boolean {
  const texts = new Set(all.map((one) => canonicalText(toPlain(one))));
  return some.every((one) => texts.has(canonicalText(toPlain(one))));
}

const LONGEST = 40;

/** By the object's own name, else with its place, else with a number. */
function nameFor({ object, target }: AuditFinding, taken: ReadonlySet<string>): string {
  const [, ...rest] = object.split(' ');
  const name = safeName(rest.join(' ') || object);
  const placed = safeName(`${name.slice(0, LONGEST / 2)}-${target.place.split('/').at(-1) ?? ''}`);
  for (let count = 1; ; count += 1) {
    const tries = count === 1 ? [name, placed] : [`${safeName(placed.slice(0, LONGEST - 6))}-${count}`];
    const free = tries.find((one) => !taken.has(one));
    if (free !== undefined) return free;
  }
}

/** `^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$` */
function safeName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '');
  return plain.slice(0, LONGEST).replace(/-$/, '') || 'imported';
}
