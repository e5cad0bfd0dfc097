// A line of the journal of grants as the API shows it: who did what, when, why, and what proved it.
import * as z from 'zod';
import type { StoredLine } from '../../../shared/grants/grant-store.ts';
import { grantWords } from '../../../shared/grants/grant-words.ts';
import { grantState, targetView, verificationSchema, verificationView } from './grant-view.ts';

export const journalLineSchema = z
  .object({
    seq: z.int().describe('later lines have greater ones'),
    at: z.iso.datetime(),
    actor: z.string(),
    event: z.enum([
      'declared',
      'withdrawn',
      'revoked',
      'resumed',
      'confirmed',
      'intended',
      'written',
      'verified',
      'settled',
      'alarm',
    ]),
    grants: z.array(z.string()).describe('whom it is about'),
    planHash: z.string().optional(),
    target: z.object(targetView).optional(),
    label: z.string().optional(),
    op: z.enum(['create', 'update', 'adopt', 'delete']).optional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    state: grantState.optional(),
    verification: verificationSchema.optional(),
    requestId: z.string().optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
    hint: z.string().optional(),
    declaration: z.looseObject({}).optional().describe('as in the configuration'),
    declarationSha: z.string().optional(),
    uids: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'GrantJournalLine' });

export type JournalLineView = z.input<typeof journalLineSchema>;

export function journalLineView({ seq, line }: StoredLine): JournalLineView {
  const common = {
    seq,
    at: line.at.toISOString(),
    actor: line.actor,
    ...(line.planHash === undefined ? {} : { planHash: line.planHash }),
  };
  const { event } = line;
  if ('grant' in line) {
    const { grant } = line;
    return {
      ...common,
      event,
      grants: [grant],
      ...('declaration' in line ? { declaration: grantWords(line.declaration) } : {}),
      ...('declarationSha' in line ? { declarationSha: line.declarationSha } : {}),
      ...('reason' in line ? { reason: line.reason } : {}),
      ...('uids' in line ? { uids: { ...line.uids } } : {}),
    };
  }
  if (line.event === 'alarm') return { ...common, event, grants: [], target: line.target, message: line.message };
  const { label, target, grants } = line;
  return {
    ...common,
    event,
    grants: [...grants],
    target,
    label,
    ...('op' in line ? { op: line.op } : {}),
    ...('before' in line ? { before: line.before } : {}),
    ...('after' in line ? { after: line.after } : {}),
    ...('state' in line ? { state: line.state } : {}),
    ...('verification' in line ? { verification: verificationView(line.verification) } : {}),
    ...('requestId' in line ? { requestId: line.requestId } : {}),
    ...('message' in line ? { message: line.message } : {}),
    ...('hint' in line ? { hint: line.hint } : {}),
  };
}
