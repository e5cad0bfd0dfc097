// What became of a request for access, or would: one effect after the other, as plain data for people and machines.
import * as z from 'zod';
import type { AccessPlan } from './plan-access.ts';

const state = z
  .enum(['done', 'unchanged', 'planned', 'not-needed', 'failed'])
  .describe('`unchanged`: it was so already; `planned`: it is not there yet, and comes');

const effect = z.object({
  effect: z.enum(['grant', 'credential', 'reference', 'mirror']),
  what: z.string().describe('the RoleBinding, the Secret, the ServiceAccount, the image'),
  where: z.string(),
  state,
  why: z.string().optional(),
  hint: z.string().optional(),
  job: z.string().optional().describe('that does it'),
});

export type AccessEffect = z.infer<typeof effect>;

export const accessReport = z
  .object({
    state: z.enum(['done', 'partly', 'failed', 'planned']),
    grant: z.string().describe('its name; `transship grants revoke` ends all of it'),
    isStored: z.boolean().describe('`false`: it holds by the configuration alone, or not at all'),
    cluster: z.string(),
    namespace: z.string(),
    image: z.string(),
    until: z.iso.datetime().optional(),
    effects: z.array(effect),
  })
  .meta({ id: 'AccessReport' });

export type AccessReport = z.infer<typeof accessReport>;

/** @param isDry it was only planned */
export function reportOfAccess(plan: AccessPlan, effects: AccessEffect[], isDry = false): AccessReport {
  const { id, cluster, namespace, image, until, grant } = plan;
  return {
    state: isDry && !effects.some((one) => one.state === 'failed') ? 'planned' : stateOf(effects),
    grant: id,
    isStored: grant !== undefined && !isDry,
    cluster,
    namespace,
    image,
    ...(until === undefined ? {} : { until: until.toISOString() }),
    effects,
  };
}

function stateOf(effects: readonly AccessEffect[]): AccessReport['state'] {
  if (!effects.some((one) => one.state === 'failed')) return 'done';
  return effects.every((one) => one.state === 'failed' || one.state === 'not-needed') ? 'failed' : 'partly';
}
