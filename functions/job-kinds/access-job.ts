// The payload of a job that brings a request for access about: the request as it was asked for, and by whom. No credential is in it.
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';
import { accessOrder } from '../access/access-order.ts';

export const ACCESS = 'access';

export const accessPayload = z.strictObject({
  order: accessOrder,
  /** For the grant and the journal. */
  actor: z.string(),
  /** Of the grant. */
  id: z.string(),
});

export type AccessPayload = z.infer<typeof accessPayload>;

/** Somebody waits for the answer. */
const ASKED_PRIORITY = 50;

/** Two for the same access never run at the same time. */
export function accessJob(payload: AccessPayload): NewJob {
  const { id, order } = payload;
  return {
    kind: ACCESS,
    targets: [`access:${id}`],
    coalesce: `${id} ${JSON.stringify(order)} ${payload.actor}`,
    payload,
    priority: ASKED_PRIORITY,
  };
}
