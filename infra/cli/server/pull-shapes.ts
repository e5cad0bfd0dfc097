// What commands read of the API's answers about who may pull. The server may be of another version, so more is let through.
import * as z from 'zod';

const words = z.record(z.string(), z.unknown());
const granted = z.looseObject({ to: z.array(words), pull: z.array(words) });

const findingShape = z.looseObject({
  class: z.string(),
  backend: z.string(),
  host: z.string(),
  place: z.string(),
  object: z.string(),
  who: z.array(z.string()),
  what: z.string(),
  flags: z.array(z.string()),
  until: z.string().optional(),
  grant: z.string().optional(),
  reason: z.string().optional(),
  verifiedAt: z.string().optional(),
});
export type FindingShape = z.infer<typeof findingShape>;

export const auditShape = z.looseObject({
  items: z.array(findingShape),
  sites: z.number(),
  unread: z.array(
    z.looseObject({ backend: z.string(), host: z.string(), message: z.string(), hint: z.string().optional() }),
  ),
});
export type AuditShape = z.infer<typeof auditShape>;

export const pullAnswerShape = z.looseObject({
  answer: z.enum(['yes', 'no', 'unserved', 'unknown']),
  subject: z.string(),
  image: z.string(),
  decidedBy: z.string(),
  method: z.string(),
  why: z.string(),
  by: z.array(findingShape),
  notes: z.array(z.string()),
  hint: z.string().optional(),
  remedy: granted.optional(),
});
export type PullAnswerShape = z.infer<typeof pullAnswerShape>;
