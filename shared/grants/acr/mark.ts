// The description by which a role assignment or a scope map is known to be ours: for which grants, of which instance, and what does not
// fit elsewhere.

export type Mark = {
  grants: readonly string[];
  /** Absent: nobody knows whose it is. */
  instance?: string;
  /** What stands behind it. */
  rest: string;
};

/** Of 2 KB; the names are for people, who need not see hundreds. */
const MOST_GRANTS = 20;
const FORM = /^pg:(?<grants>[a-z0-9-]+(?:,[a-z0-9-]+)*)(?:@(?<instance>[a-z0-9-]+))?(?: (?<rest>.*))?$/;

export function formatMark({ grants, instance, rest }: Mark): string {
  const names = [...new Set(grants)].toSorted().slice(0, MOST_GRANTS).join(',');
  return `pg:${names}${instance === undefined ? '' : `@${instance}`}${rest === '' ? '' : ` ${rest}`}`;
}

export function parseMark(description: string | undefined): Mark | undefined {
  const { grants, instance, rest = '' } = FORM.exec(description ?? '')?.groups ?? {};
  if (grants === undefined) return undefined;
  return { grants: grants.split(','), rest, ...(instance === undefined ? {} : { instance }) };
}

/** Whose something with this description is. */
export function ownerOfMark(description: string | undefined, instance: string): 'ours' | 'unmarked' | 'foreign' {
  const mark = parseMark(description);
  if (mark === undefined) return 'foreign';
  if (mark.instance === undefined) return 'unmarked';
  return mark.instance === instance ? 'ours' : 'foreign';
}
