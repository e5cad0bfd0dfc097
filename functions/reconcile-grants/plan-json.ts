// A plan of grants as the API gives it and commands print it: plain data, without what is as it should be.
import type { Json } from '../../shared/grants/canonical.ts';
import type { GrantChange } from '../../shared/grants/grant-change.ts';

export type ChangeJson = {
  op: Exclude<GrantChange['op'], 'noop'>;
  backend: string;
  host: string;
  place: string;
  label: string;
  grants: readonly string[];
  risk?: string;
  why?: string;
  /** Why it needs the explicit word of whoever applies it. */
  overbroad?: string;
  before?: Json;
  after?: Json;
  state?: string;
  message?: string;
  hint?: string;
};

/** @param overbroad those of the changes that are applied only by somebody who says so */
export function changeJson(
  change: Exclude<GrantChange, { op: 'noop' }>,
  overbroad: { has(change: GrantChange): boolean },
): ChangeJson {
  const { op, target, label, grants } = change;
  const wanted = 'wanted' in change ? change.wanted : undefined;
  return {
    op,
    ...target,
    label,
    grants,
    ...('risk' in change ? { risk: change.risk } : {}),
    ...('why' in change ? { why: change.why } : {}),
    ...(overbroad.has(change) ? { overbroad: wanted?.overbroad ?? '' } : {}),
    ...('before' in change && change.before !== undefined ? { before: change.before } : {}),
    ...(wanted === undefined ? {} : { after: wanted.content }),
    ...('state' in change ? { state: change.state } : {}),
    ...('message' in change ? { message: change.message } : {}),
    ...('hint' in change && change.hint !== undefined ? { hint: change.hint } : {}),
  };
}
