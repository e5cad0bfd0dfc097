// What commands read of the API's answers: only what they show. The server may be of another version, so more is let through.
import * as z from 'zod';

const problem = z.looseObject({ code: z.string(), message: z.string(), hint: z.string().optional() });

const summary = {
  id: z.string(),
  kind: z.string(),
  state: z.string(),
  targets: z.array(z.string()),
  acceptedAt: z.string(),
  runAt: z.string(),
  attempts: z.number(),
  maxAttempts: z.number(),
  finishedAt: z.string().optional(),
  supersededBy: z.string().optional(),
  problem: problem.optional(),
};

export const jobSummary = z.looseObject(summary);
export type JobSummary = z.infer<typeof jobSummary>;

const targetReport = z.looseObject({
  reference: z.string(),
  state: z.string(),
  digest: z.string().optional(),
  error: problem.optional(),
});

/** Of a mirror job that is done, or of the last try of one that failed. */
const result = z.looseObject({ report: z.looseObject({ targets: z.array(targetReport) }).optional() });

export const jobView = z.looseObject({
  ...summary,
  payload: z.unknown(),
  result: z.union([result, z.unknown()]).optional(),
});
export type JobView = z.infer<typeof jobView>;

/** The source or the rule that a job is about; undefined for kinds of a later version. */
export function subjectOf({ payload }: Pick<JobView, 'payload'>): string | undefined {
  const parsed = z.looseObject({ source: z.string().optional(), rule: z.string().optional() }).safeParse(payload).data;
  return parsed?.source ?? parsed?.rule;
}

/** What became of each target; empty where that is not known. */
export function targetsOf({ result: given }: JobView): z.infer<typeof targetReport>[] {
  return result.safeParse(given).data?.report?.targets ?? [];
}

export const pushView = z.looseObject({
  id: z.string(),
  receivedAt: z.string(),
  jobIds: z.array(z.string()),
  isRepeated: z.boolean(),
  event: z.looseObject({
    receiverId: z.string(),
    source: z.string(),
    action: z.string(),
    registry: z.string(),
    repository: z.string().nullable(),
    tag: z.string().nullable(),
    digest: z.string().nullable(),
    actor: z.string().nullable(),
    occurredAt: z.string().nullable(),
    relevant: z.boolean(),
    reason: z.string().nullable(),
  }),
});
export type PushView = z.infer<typeof pushView>;

export const tokenView = z.looseObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  rules: z.array(z.string()).optional(),
  registries: z.array(z.string()).optional(),
  createdAt: z.string(),
  expiresAt: z.string().optional(),
});
export type TokenView = z.infer<typeof tokenView>;

export const newTokenView = tokenView.extend({ token: z.string() });
