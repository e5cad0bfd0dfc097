// The routes that plan grants and have a plan applied: what is printed is what is done, or nothing is.
import * as z from 'zod';
import { TransshipError } from '../../../shared/errors.ts';
import { overbroadWidenings } from '../../../shared/grants/approval.ts';
import type { PreparedGrants } from '../../../shared/grants/reconcile.ts';
import { grantsJob } from '../../job-kinds/grants-job.ts';
import { currentGrants } from '../../reconcile-grants/current-grants.ts';
import { planJson } from '../../reconcile-grants/plan-json.ts';
import { acceptedJob, acceptedSchema, locationHeaders } from '../accepted-job.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { Identity } from '../identity.ts';
import { invalidBody } from '../parse-input.ts';
import { addRoute, PLAIN, type Api } from '../route.ts';
import { withGrantsRun } from './borrowed-run.ts';
import { mayUseGrant } from './grant-access.ts';
import { TAG } from './grant-params.ts';
import { planSchema } from './plan-view.ts';

const grants = z.array(z.string().min(1).max(40)).min(1).max(1000).optional().describe('only these; absent: all');

const pruneUnknown = z
  .boolean()
  .default(false)
  .describe(
    'also remove what has the mark of this `instance`, and was never heard of here: only where no other server has the same `instance`',
  );

const planOrder = z.strictObject({ grants, pruneUnknown }).meta({ id: 'GrantPlanOrder' });

const applyOrder = z
  .strictObject({
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'it is the `hash` of a plan' })
      .optional()
      .describe('of a plan: it is applied only if it is still the same; absent: what is planned then'),
    allowOverbroad: z.boolean().default(false).describe('also what lets in everybody, or opens every repository'),
    pruneUnknown,
    pruneDead: z
      .boolean()
      .default(false)
      .describe('also take deleted roles and users out of statements of others, where ECR takes no policy with them'),
    grants,
  })
  .meta({ id: 'GrantApplyOrder' });

export function addGrantPlans(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/grants/plan',
      access: 'grants',
      tag: TAG,
      summary: 'Plan the grants',
      description: 'Looks at all registries and clusters that grants mean, and says what would be done. Nothing is.',
      body: planOrder,
      answers: { 200: { description: 'The plan', schema: planSchema } },
      errors: [503, 504],
    },
    async ({ body, identity, context }) => {
      const only = await scopeFor(body.grants, identity, deps);
      const { pruneUnknown } = body;
      const prepared = await planNow(deps, { identity, only, pruneUnknown, client: context.req.raw.signal });
      return Response.json(planJson(prepared, await deps.grants.state()));
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/grants/apply',
      access: 'grants',
      tag: TAG,
      summary: 'Apply the grants now',
      description:
        'With the `hash` of a plan everything is read again, and another plan is refused. Without one, what is planned then is applied.',
      body: applyOrder,
      answers: { 202: { description: 'Stored as a job', schema: acceptedSchema, headers: locationHeaders } },
      errors: [403, 412, 503, 504],
    },
    async ({ body: { hash, allowOverbroad, pruneUnknown, pruneDead, grants: named }, identity, context }) => {
      const only = await scopeFor(named, identity, deps);
      if (hash !== undefined) {
        const prepared = await planNow(deps, { identity, only, pruneUnknown, client: context.req.raw.signal });
        await assertPlan(deps, prepared, { hash, allowOverbroad });
      }
      const { id } = await deps.jobs.accept(
        grantsJob({
          trigger: 'api',
          actor: identity.name,
          ...(only === undefined ? {} : { grants: only }),
          ...(hash === undefined ? {} : { planHash: hash }),
          ...(allowOverbroad ? { allowOverbroad } : {}),
          ...(pruneUnknown ? { pruneUnknown } : {}),
          ...(pruneDead ? { pruneDead } : {}),
        }),
      );
      return acceptedJob(id, deps.jobs);
    },
  );
}

/** Undefined: all. @throws Refusal 422 for what is not there, or not for this client */
async function scopeFor(
  named: readonly string[] | undefined,
  identity: Identity,
  deps: ApiDeps,
): Promise<string[] | undefined> {
  const { grants: records } = await deps.grants.state();
  const current = await currentGrants(deps);
  const known = new Map([...records].map(([id, { declaration }]) => [id, declaration]));
  for (const grant of current) known.set(grant.id, grant);
  const usable = [...known.values()].filter((grant) => mayUseGrant(identity, grant)).map(({ id }) => id);
  if (named === undefined) return usable.length === known.size ? undefined : usable;
  const unknown = named.findIndex((name) => !usable.includes(name));
  if (unknown >= 0) throw invalidBody('there is no such grant', ['grants', unknown]);
  return [...new Set(named)].toSorted();
}

/** What plans is loaded when somebody asks for a plan. */
function planNow(deps: ApiDeps, terms: Parameters<typeof withGrantsRun>[1]): Promise<PreparedGrants> {
  return withGrantsRun(deps, terms, async (run) => {
    const { prepareGrants } = await import('../../../shared/grants/reconcile.ts');
    return prepareGrants(run);
  });
}

/** @throws TransshipError plan-changed, grant-refused */
async function assertPlan(
  { grants: store }: ApiDeps,
  { plan }: PreparedGrants,
  { hash, allowOverbroad }: { hash: string; allowOverbroad: boolean },
): Promise<void> {
  if (plan.hash !== hash) {
    throw new TransshipError('plan-changed', 'the plan is another one by now: nothing was applied', {
      hint: 'plan again, look at it, and apply that one',
    });
  }
  const [widening] = allowOverbroad ? [] : overbroadWidenings(plan.changes, await store.state());
  if (widening === undefined) return;
  throw new TransshipError('grant-refused', `${widening.label} reaches too far: ${widening.wanted.overbroad}`, {
    hint: 'if that is meant, say allowOverbroad: true',
  });
}
