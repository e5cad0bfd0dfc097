// The routes by which people decide about grants: declare, withdraw, revoke, resume. What was decided stands in the journal before the
// answer; a job brings it about.
import * as z from 'zod';
import { TransshipError } from '../../../shared/errors.ts';
import type { Decision } from '../../../shared/grants/declare-grants.ts';
import { grantsJob } from '../../job-kinds/grants-job.ts';
import { acceptedJob, acceptedSchema, locationHeaders } from '../accepted-job.ts';
import type { ApiDeps } from '../api-deps.ts';
import { hasScope, type Identity } from '../identity.ts';
import { invalidBody } from '../parse-input.ts';
import { Refusal } from '../problem.ts';
import { addRoute, PLAIN, type Api } from '../route.ts';
import { withGrantsRun } from './borrowed-run.ts';
import { mayUseGrant } from './grant-access.ts';
import { grantOrder } from './grant-order.ts';
import { grantParams, TAG } from './grant-params.ts';
import { knownGrant } from './known-grants.ts';
import { readDeclaration } from './read-declaration.ts';

const answers = {
  202: { description: 'Written down; the job brings it about', schema: acceptedSchema, headers: locationHeaders },
};

export function addGrantChanges(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/grants',
      access: 'grants',
      tag: TAG,
      summary: 'Declare a grant',
      description:
        'New, or changed: the name says which one. The same again changes nothing. `requestedBy` is who asks. One that is declared in the configuration is changed there.',
      body: grantOrder,
      answers,
      errors: [403, 409, 503],
    },
    async ({ body, identity }) => {
      const grant = { ...readDeclaration(body, deps.config()), requestedBy: identity.name };
      if (!mayUseGrant(identity, grant)) throw forbidden('the token may not use these registries');
      if (grant.approvedBy !== undefined && !hasScope(identity, 'admin')) {
        throw forbidden('approvedBy is said by a token with the scope admin only');
      }
      if (grant.expiresAt !== undefined && grant.expiresAt <= deps.clock.now()) {
        throw invalidBody('it is past', ['until']);
      }
      await assertNotOthers(deps, identity, grant.id);
      await (await decisions()).declareGrant(decisionOf(deps, identity), grant);
      await deps.grantsChanged?.();
      return reconciled(deps, identity, grant.id);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'delete',
      path: '/v1/grants/{name}',
      access: 'grants',
      tag: TAG,
      summary: 'Take a grant away',
      description:
        'One that was declared over the API is withdrawn; one of the configuration is revoked, until its declaration changes or somebody resumes it.',
      params: grantParams,
      answers,
      errors: [404, 503],
    },
    async ({ params: { name }, identity }) => {
      const { grant, view } = await knownGrant(deps, identity, name);
      const decision = decisionOf(deps, identity);
      const { revokeGrant, withdrawGrant } = await decisions();
      if (grant.origin === 'file') await revokeGrant(decision, name);
      else if (view.isDeclared) await withdrawGrant(decision, name);
      await deps.grantsChanged?.();
      return reconciled(deps, identity, name);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/grants/{name}/revoke',
      access: 'grants',
      tag: TAG,
      summary: 'Revoke a grant',
      description: 'It outlives the declaration until that changes, or somebody resumes the grant.',
      params: grantParams,
      body: z
        .strictObject({ reason: z.string().min(1).max(500).optional().describe('for the journal') })
        .meta({ id: 'GrantRevocation' }),
      answers,
      errors: [404, 503],
    },
    async ({ params: { name }, body: { reason }, identity }) => {
      await knownGrant(deps, identity, name);
      await (await decisions()).revokeGrant(decisionOf(deps, identity), name, reason);
      await deps.grantsChanged?.();
      return reconciled(deps, identity, name);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/grants/{name}/resume',
      access: 'grants',
      tag: TAG,
      summary: 'Resume a grant',
      description:
        'Ends a revoke by hand, and accepts the Namespaces and ServiceAccounts that are there now for a grant with `pin: uid`.',
      params: grantParams,
      answers,
      errors: [404, 502, 503, 504],
    },
    async ({ params: { name }, identity, context }) => {
      const { grant } = await knownGrant(deps, identity, name);
      const { confirmGrant, resumeGrant } = await decisions();
      await resumeGrant(decisionOf(deps, identity), name);
      await deps.grantsChanged?.();
      if (grant.pin === 'uid') {
        const terms = { identity, client: context.req.raw.signal };
        await withGrantsRun(deps, terms, (run) => confirmGrant(run, name));
      }
      return reconciled(deps, identity, name);
    },
  );
}

/** A declaration takes the place of the one before. @throws TransshipError conflict-refused for a name that is not this client's to take */
async function assertNotOthers({ grants }: ApiDeps, identity: Identity, id: string): Promise<void> {
  const known = (await grants.state()).grants.get(id);
  if (known === undefined || mayUseGrant(identity, known.declaration)) return;
  throw new TransshipError('conflict-refused', `grant ${id} is about registries that the token may not use`, {
    hint: 'take another name',
  });
}

/** Loaded when somebody decides: all that plans hangs on it. */
function decisions() {
  return import('../../../shared/grants/declare-grants.ts');
}

function decisionOf({ grants: store, clock, config }: ApiDeps, { name: actor }: Identity): Decision {
  return { store, clock, actor, config: config() };
}

async function reconciled({ jobs }: ApiDeps, { name: actor }: Identity, grant: string): Promise<Response> {
  const { id } = await jobs.accept(grantsJob({ trigger: 'api', actor, grants: [grant] }));
  return acceptedJob(id, jobs);
}

function forbidden(detail: string): Refusal {
  return new Refusal({ status: 403, code: 'forbidden', detail });
}
