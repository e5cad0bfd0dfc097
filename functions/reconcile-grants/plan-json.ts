// A plan of grants as the API gives it and commands print it: plain data, without what is as it should be.
import { overbroadWidenings } from '../../shared/grants/approval.ts';
import type { Json } from '../../shared/grants/canonical.ts';
import { ecrPrincipalPolicy } from '../../shared/grants/ecr/principal-policy.ts';
import type { GrantChange } from '../../shared/grants/grant-change.ts';
import type { Grantee, PullGrant } from '../../shared/grants/grant.ts';
import { granteeText } from '../../shared/grants/grantee-text.ts';
import type { GrantsState } from '../../shared/grants/grants-state.ts';
import { isWriting } from '../../shared/grants/plan-hash.ts';
import type { PreparedGrants } from '../../shared/grants/reconcile.ts';
import { givenByHand } from '../../shared/grants/standing.ts';

type Change = Exclude<GrantChange, { op: 'noop' }>;

type ChangeJson = {
  op: Change['op'];
  backend: string;
  host: string;
  place: string;
  label: string;
  grants: string[];
  /** Whom these grants are for, in words. */
  who: string[];
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

export type PlanJson = {
  hash: string;
  changes: ChangeJson[];
  /** How many of the changes write something. */
  writes: number;
  unchanged: number;
  /** What principals of other accounts need on their own side. */
  policies: { grant: string; principal: string; policy: object }[];
};

/** @param state that it was planned from */
export function planJson({ plan, desired }: Pick<PreparedGrants, 'plan' | 'desired'>, state: GrantsState): PlanJson {
  const { changes, hash } = plan;
  const overbroad = new Set<GrantChange>(overbroadWidenings(changes, state));
  const told = changes.filter((change): change is Change => change.op !== 'noop');
  return {
    hash,
    changes: told.map((change) => ({ ...changeJson(change, overbroad), who: granteesOf(change, desired) })),
    writes: changes.filter(isWriting).length,
    unchanged: changes.length - told.length,
    policies: policiesFor(changes, desired),
  };
}

function changeJson(change: Change, overbroad: ReadonlySet<GrantChange>): Omit<ChangeJson, 'who'> {
  const { op, target, label, grants } = change;
  const wanted = 'wanted' in change ? change.wanted : undefined;
  const reach = overbroad.has(change) ? (wanted?.overbroad ?? 'too far') : undefined;
  return {
    op,
    ...target,
    label,
    grants: [...grants],
    ...('risk' in change ? { risk: change.risk } : {}),
    ...('why' in change ? { why: change.why } : {}),
    ...(reach === undefined ? {} : { overbroad: reach, ...givenByHand(reach) }),
    ...('before' in change && change.before !== undefined ? { before: change.before } : {}),
    ...(wanted === undefined ? {} : { after: wanted.content }),
    ...('state' in change ? { state: change.state } : {}),
    ...('message' in change ? { message: change.message } : {}),
    ...('hint' in change && change.hint !== undefined ? { hint: change.hint } : {}),
  };
}

function granteesOf({ grants }: Change, desired: readonly PullGrant[]): string[] {
  const named = desired.filter(({ id }) => grants.includes(id));
  return [...new Set(named.flatMap(({ grantees }) => grantees.map(granteeText)))];
}

/** Of the grants that let somebody in with this plan. */
function policiesFor(changes: readonly GrantChange[], desired: readonly PullGrant[]): PlanJson['policies'] {
  const widened = new Set(
    changes.flatMap((change) =>
      change.target.backend === 'ecr' && 'risk' in change && change.risk === 'widen' ? change.grants : [],
    ),
  );
  return desired
    .filter(({ id }) => widened.has(id))
    .flatMap(({ id: grant, grantees, what }) => {
      const policy = ecrPrincipalPolicy(what);
      if (policy === undefined) return [];
      return grantees.flatMap(awsPrincipal).map((principal) => ({ grant, principal, policy }));
    });
}

function awsPrincipal(grantee: Grantee): string[] {
  if (grantee.kind === 'AwsPrincipal') return [grantee.arn];
  if (grantee.kind === 'AwsAccount') return [`account ${grantee.id}`];
  return grantee.kind === 'AwsOrganization' ? [`organization ${grantee.id}`] : [];
}
