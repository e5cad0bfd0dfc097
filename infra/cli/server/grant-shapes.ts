// What commands read of the API's answers about grants: only what they show. The server may be of another version, so more is let through.
import * as z from 'zod';

const problem = z.looseObject({ message: z.string(), hint: z.string().optional() });

const verification = z.looseObject({
  method: z.string(),
  answer: z.string(),
  at: z.string(),
  note: z.string().optional(),
});

const place = { backend: z.string(), host: z.string(), place: z.string() };

export const grantShape = z.looseObject({
  name: z.string(),
  origin: z.string(),
  state: z.string(),
  who: z.array(z.string()),
  pull: z.array(
    z.looseObject({ registry: z.string(), namespace: z.string().optional(), repository: z.string().optional() }),
  ),
  until: z.string().optional(),
  reason: z.string(),
  isDeclared: z.boolean(),
  access: z
    .looseObject({
      cluster: z.string(),
      namespace: z.string(),
      registries: z.array(z.string()),
      serviceAccounts: z.array(z.string()),
    })
    .optional(),
  lastVerified: z.string().optional(),
  revoked: z.looseObject({ at: z.string(), by: z.string(), reason: z.string().optional() }).optional(),
  problem: problem.optional(),
  entries: z.array(
    z.looseObject({
      ...place,
      label: z.string(),
      state: z.string(),
      verification: verification.optional(),
      problem: problem.optional(),
    }),
  ),
});
export type GrantShape = z.infer<typeof grantShape>;

const change = z.looseObject({
  op: z.string(),
  ...place,
  label: z.string(),
  grants: z.array(z.string()),
  who: z.array(z.string()),
  risk: z.string().optional(),
  why: z.string().optional(),
  overbroad: z.string().optional(),
  state: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
});
export type ChangeShape = z.infer<typeof change>;

export const planShape = z.looseObject({
  hash: z.string(),
  changes: z.array(change),
  writes: z.number(),
  unchanged: z.number(),
  policies: z.array(z.looseObject({ grant: z.string(), principal: z.string(), policy: z.unknown() })),
});
export type PlanShape = z.infer<typeof planShape>;

const entry = z.looseObject({
  ...place,
  label: z.string(),
  grants: z.array(z.string()),
  op: z.string(),
  state: z.string(),
  isWritten: z.boolean(),
  wasInterrupted: z.boolean().optional(),
  verification: verification.optional(),
  problem: problem.optional(),
});
export type EntryShape = z.infer<typeof entry>;

export const reportShape = z.looseObject({
  state: z.enum(['done', 'partly', 'failed', 'refused']),
  planHash: z.string(),
  written: z.looseObject({ create: z.number(), update: z.number(), adopt: z.number(), delete: z.number() }),
  unchanged: z.number(),
  states: z.record(z.string(), z.number()),
  entries: z.looseObject({ count: z.number(), first: z.array(entry) }),
  alarms: z.array(z.string()),
  nextAt: z.string().optional(),
});
export type ReportShape = z.infer<typeof reportShape>;

export const journalShape = z.looseObject({
  seq: z.number(),
  at: z.string(),
  actor: z.string(),
  event: z.string(),
  grants: z.array(z.string()),
  target: z.looseObject(place).optional(),
  label: z.string().optional(),
  op: z.string().optional(),
  state: z.string().optional(),
  verification: verification.optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
});
export type JournalShape = z.infer<typeof journalShape>;
