// Which of several things that are the matter with a grant comes first, and what is said of all of them: lists and plans say it by the same
// words.
import type { GrantState } from './grants-state.ts';

/** The worst first. */
const SEVERITY: readonly GrantState[] = [
  'Blocked',
  'Conflict',
  'Suspended',
  'Drifted',
  'Unsupported',
  'Pending',
  'Applying',
  'Applied',
  'Expired',
  'Revoked',
];
/** Of a grant for thousands of Namespaces. */
const MOST_TOLD = 4;

/** Those that are as bad as one another stay in their order. */
export function worstFirst<One extends { state: GrantState }>(all: readonly One[]): One[] {
  return all.toSorted((left, right) => SEVERITY.indexOf(left.state) - SEVERITY.indexOf(right.state));
}

/** Each once; what is in another state than the first one says so. Undefined where nothing is the matter. */
export function toldTogether(all: readonly { state: GrantState; message: string }[]): string | undefined {
  const [worst] = all;
  const told = new Set(all.map(({ state, message }) => (state === worst?.state ? message : `${state}: ${message}`)));
  const more = told.size - MOST_TOLD;
  const first = [...told].slice(0, MOST_TOLD);
  return told.size === 0 ? undefined : [...first, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
