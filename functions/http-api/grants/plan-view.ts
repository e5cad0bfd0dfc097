// The plan of grants in the document of the API; see functions/reconcile-grants/plan-json.ts.
import * as z from 'zod';
import { targetView } from './grant-view.ts';

const change = z.object({
  op: z
    .enum(['create', 'update', 'adopt', 'delete', 'drift', 'conflict', 'none'])
    .describe(
      '`drift`: only told; `conflict`: somebody else has the place; `none`: there is nothing to write, see `state`',
    ),
  ...targetView,
  label: z.string().describe('what it is called there'),
  grants: z.array(z.string()).describe('whom it is for'),
  who: z.array(z.string()).describe('the grantees of these grants, in words'),
  risk: z.enum(['widen', 'narrow', 'same']).optional().describe('whether more or less may be pulled after it'),
  why: z.string().optional(),
  overbroad: z.string().optional().describe('why it is applied only with `allowOverbroad`'),
  before: z.unknown().optional().describe('as the registry or the cluster has it'),
  after: z.unknown().optional(),
  state: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
});

export const planSchema = z
  .object({
    hash: z.string().describe('of the changes, and of what they were planned from'),
    changes: z.array(change).describe('in the order in which they are applied'),
    writes: z.int().describe('how many of them write something'),
    unchanged: z.int(),
    policies: z
      .array(z.object({ grant: z.string(), principal: z.string(), policy: z.unknown() }))
      .describe('what principals of other accounts need on their own side: an IAM policy for each'),
  })
  .meta({ id: 'GrantPlan' });
