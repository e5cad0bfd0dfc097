// A grant as the API shows it: what was declared, in the words of the configuration, and how it stands at each of its targets.
import * as z from 'zod';
import type { Verification } from '../../../shared/grants/backend.ts';
import type { GrantStatus } from '../../../shared/grants/grant-status.ts';
import { granteeText } from '../../../shared/grants/grantee-text.ts';
import { granteeWords, partWords } from '../../../shared/grants/grant-words.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { GrantRecord } from '../../../shared/grants/grants-state.ts';
import { GRANT_STATES } from '../../reconcile-grants/grant-states.ts';

export const grantState = z
  .enum(GRANT_STATES)
  .describe(
    '`Applying`: written or asked for, and not yet proven; `Applied`: proven; `Drifted`: ours is missing or was changed; `Conflict`: somebody else has the place; `Blocked`: it is refused there; `Pending`: something is not there yet, or it is before its time; `Suspended`: somebody has to confirm it',
  );

const time = z.iso.datetime();
const problem = z.object({ message: z.string(), hint: z.string().optional() });

export const targetView = {
  backend: z.string(),
  host: z.string().describe('the registry; of `kubernetes` the cluster'),
  place: z.string().describe('the Namespace, the repository, the project; empty for all of it'),
};

export const verificationSchema = z
  .object({
    method: z.enum(['access-review', 'probe', 'read-back', 'policy-evaluation', 'none']),
    answer: z.enum(['allowed', 'denied', 'unverifiable']),
    at: time,
    note: z.string().optional(),
  })
  .meta({ id: 'GrantVerification' });

const entrySchema = z.object({
  ...targetView,
  label: z.string().describe('what it is called there'),
  state: grantState,
  verification: verificationSchema.optional(),
  problem: problem.optional(),
});

export const grantSchema = z
  .object({
    name: z.string(),
    origin: z.enum(['file', 'store']).describe('`store`: declared over the API'),
    state: grantState,
    to: z.array(z.looseObject({})).describe('who, as in the configuration'),
    who: z.array(z.string()).describe('the same in words'),
    pull: z.array(z.looseObject({ registry: z.string() })).describe('what, as in the configuration'),
    notBefore: time.optional(),
    until: time.optional().describe('absent: it does not end'),
    reason: z.string(),
    requestedBy: z.string().optional(),
    approvedBy: z.string().optional(),
    ticket: z.string().optional(),
    mode: z.enum(['enforce', 'observe']),
    onExpiry: z.enum(['revoke', 'warn']),
    pin: z.enum(['name', 'uid']),
    adopt: z.boolean(),
    access: z
      .object({
        cluster: z.string(),
        namespace: z.string(),
        registries: z.array(z.string()),
        serviceAccounts: z.array(z.string()),
      })
      .optional()
      .describe('of a request for access: whose credentials are brought where as long as it holds'),
    isDeclared: z.boolean().describe('`false`: nobody declares it any more, and what is left of it goes'),
    revoked: z
      .object({ at: time, by: z.string(), reason: z.string().optional() })
      .optional()
      .describe('by hand; it holds until the declaration changes, or somebody resumes it'),
    lastVerified: time.optional().describe('the oldest proof among its entries'),
    problem: problem.optional().describe('of the entry that decides the state'),
    entries: z.array(entrySchema),
  })
  .meta({ id: 'Grant' });

export type GrantView = z.input<typeof grantSchema>;

/** @param record what the journal knows of it; absent before it was first looked at */
export function grantView(
  { id, notBefore, expiresAt, grantees, what, ...rest }: PullGrant,
  status: GrantStatus,
  { record, isDeclared }: { record?: GrantRecord; isDeclared: boolean },
): GrantView {
  const { origin, reason, requestedBy, approvedBy, ticket, mode, onExpiry, pin, adopt, access } = rest;
  const revoked = record?.revoked;
  return {
    name: id,
    origin,
    state: status.state,
    to: grantees.map(granteeWords),
    who: grantees.map(granteeText),
    pull: what.map((part) => ({ registry: part.registry, ...partWords(part) })),
    ...(notBefore === undefined ? {} : { notBefore: notBefore.toISOString() }),
    ...(expiresAt === undefined ? {} : { until: expiresAt.toISOString() }),
    reason,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(ticket === undefined ? {} : { ticket }),
    mode,
    onExpiry,
    pin,
    adopt,
    ...(access === undefined
      ? {}
      : { access: { ...access, registries: [...access.registries], serviceAccounts: [...access.serviceAccounts] } }),
    isDeclared,
    ...(revoked === undefined ? {} : { revoked: revokedView(revoked) }),
    ...(status.lastVerified === undefined ? {} : { lastVerified: status.lastVerified.toISOString() }),
    ...(status.problem === undefined ? {} : { problem: status.problem }),
    entries: status.entries.map(entryView),
  };
}

function revokedView({ at, by, reason }: NonNullable<GrantRecord['revoked']>) {
  return { at: at.toISOString(), by, ...(reason === undefined ? {} : { reason }) };
}

function entryView({ target, label, state, verification, problem: trouble }: GrantStatus['entries'][number]) {
  return {
    ...target,
    label,
    state,
    ...(verification === undefined ? {} : { verification: verificationView(verification) }),
    ...(trouble === undefined ? {} : { problem: trouble }),
  };
}

export function verificationView({ at, ...verification }: Verification) {
  return { ...verification, at: at.toISOString() };
}
