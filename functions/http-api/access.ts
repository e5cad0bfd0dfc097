// The route of a request for access: one Namespace shall pull one image, with all that it takes. It is written down before the answer; a
// job brings it about, and its result reports each effect.
import * as z from 'zod';
import { isTransshipError } from '../../shared/errors.ts';
import { accessOrder, type AccessOrder } from '../access/access-order.ts';
import { accessReport } from '../access/access-report.ts';
import type { AccessPlan } from '../access/plan-access.ts';
import { accessJob } from '../job-kinds/access-job.ts';
import { acceptedJob, acceptedSchema, locationHeaders } from './accepted-job.ts';
import type { ApiDeps } from './api-deps.ts';
import { withGrantsRun } from './grants/borrowed-run.ts';
import { mayUseGrant } from './grants/grant-access.ts';
import { hasScope, mayUseRegistries, type Identity } from './identity.ts';
import { payloadOf } from './mirror-order.ts';
import { invalidBody } from './parse-input.ts';
import { Refusal } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const body = accessOrder
  .extend({ dryRun: z.boolean().default(false).describe('only say what would be done') })
  .meta({ id: 'AccessOrder' });

export function addAccess(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/access',
      access: 'grants',
      tag: 'grants',
      summary: 'Let a Namespace pull an image, with all that it takes',
      description:
        'The grant, where the registry asks the cluster; the Secret with the credential, and the ServiceAccounts that name it, where no rule brings it; with `mirrorFrom` the copy, for which the token needs the scope `mirror`, too. The same request again changes nothing. The result of the job is an `AccessReport`; revoking the grant ends all of it.',
      body,
      answers: {
        200: { description: 'What would be done (`dryRun`)', schema: accessReport },
        202: { description: 'Written down; the job brings it about', schema: acceptedSchema, headers: locationHeaders },
      },
      errors: [403, 409, 502, 503, 504],
    },
    async ({ body: { dryRun, ...asked }, identity, context }) => {
      const order: AccessOrder = asked;
      const terms = { identity, client: context.req.raw.signal };
      const { name: actor } = identity;
      return withGrantsRun(deps, terms, async ({ holder, signal = terms.client, backendFor }) => {
        const plan = await prepared(deps, order, { actor, signal });
        assertMay(identity, plan, deps);
        const { declareAccess, previewAccess } = await applying();
        if (dryRun) {
          const own = { ...deps, grantBackends: () => backendFor };
          return Response.json(await previewAccess(own, plan, { actor, holder, signal }));
        }
        await declareAccess(deps, plan, actor);
        await deps.grantsChanged?.();
        const { id } = await deps.jobs.accept(accessJob({ order, actor, id: plan.id }));
        return acceptedJob(id, deps.jobs);
      });
    },
  );
}

/** Loaded when somebody asks: all that plans hangs on it. */
function applying() {
  return import('../access/apply-access.ts');
}

/** @throws Refusal 422 for what is wrong with the request */
async function prepared(
  deps: ApiDeps,
  order: AccessOrder,
  terms: { actor: string; signal: AbortSignal },
): Promise<AccessPlan> {
  try {
    const { prepareAccess } = await applying();
    return await prepareAccess(deps, order, terms);
  } catch (error) {
    if (!isTransshipError(error, 'invalid-usage', 'invalid-reference')) throw error;
    throw invalidBody(error.message, [], error.hint);
  }
}

/** @throws Refusal 403 */
function assertMay(identity: Identity, { grant, registry, mirror }: AccessPlan, { config }: ApiDeps): void {
  const isAllowed = identity.rules === undefined && mayUseRegistries(identity, [registry]);
  if (!isAllowed || (grant !== undefined && !mayUseGrant(identity, grant))) {
    throw forbidden(`the token may not use the registry ${registry}`);
  }
  if (mirror === undefined) return;
  if (!hasScope(identity, 'mirror')) throw forbidden('the token needs the scope mirror for mirrorFrom');
  const { source, targets, referrers, onConflict } = mirror;
  payloadOf({ source, targets, referrers, onConflict, dryRun: false }, identity, config());
}

function forbidden(detail: string): Refusal {
  return new Refusal({ status: 403, code: 'forbidden', detail });
}
