// The route that asks for a mirror: one source to its targets, as a job, once per idempotency key; or only the plan of it.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { TransshipError } from '../../shared/errors.ts';
import { copyArtifact } from '../../shared/mirror/copy.ts';
import type { CopyReport } from '../../shared/mirror/copy-types.ts';
import type { Job } from '../../shared/jobs/job.ts';
import { mirrorJob, mirrorPayload, type MirrorPayload } from '../job-kinds/mirror-job.ts';
import { mirrorRequest } from '../mirror-image/mirror-request.ts';
import { acceptedJob, acceptedSchema, locationHeaders } from './accepted-job.ts';
import type { ApiDeps } from './api-deps.ts';
import type { Identity } from './identity.ts';
import { mirrorOrder, payloadOf, type MirrorOrder } from './mirror-order.ts';
import { Refusal } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const PLAN_TIMEOUT_MS = 60_000;

const planSchema = z
  .looseObject({
    source: z.looseObject({ reference: z.string(), digest: z.string().optional() }),
    targets: z.array(
      z.looseObject({
        reference: z.string(),
        digest: z.string().optional(),
        state: z.enum(['planned', 'unchanged', 'refused', 'failed', 'copied']),
      }),
    ),
  })
  .meta({ id: 'Plan' });

export function addMirrors(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/mirrors',
      access: 'mirror',
      tag: 'mirrors',
      summary: 'Mirror an image now',
      description:
        'To `targets`, or to where `rule` has it. With `dryRun` the answer is what would be done, and nothing is. With `Idempotency-Key` the same request again gives the same job.',
      headers: z.object({
        'idempotency-key': z
          .string()
          .regex(/^[\x21-\x7e]{1,255}$/, { error: 'it has 1 to 255 visible ASCII characters' })
          .optional()
          .describe('of your choice, one for each thing that shall happen once'),
      }),
      body: mirrorOrder,
      answers: {
        200: { description: 'The plan (`dryRun`)', schema: planSchema },
        202: { description: 'Stored as a job', schema: acceptedSchema, headers: locationHeaders },
      },
      errors: [404, 409, 502, 503, 504],
    },
    async ({ body, headers, identity, context }) => {
      const { payload, priority } = payloadOf(body, identity, deps.config());
      if (body.dryRun) return Response.json(await planOf(payload, deps, context.req.raw.signal));
      const key = headers['idempotency-key'];
      const requestHash = key === undefined ? undefined : hashOf(body);
      const job = mirrorJob({ ...payload, ...(requestHash && { requestHash }) }, { priority });
      const { id, isNew } = await deps.jobs.accept(job, key === undefined ? undefined : keyOf(identity, key));
      if (!isNew) assertSame(await deps.jobs.get(id), requestHash);
      return acceptedJob(id, deps.jobs);
    },
  );
}

/** @throws TransshipError timeout, and what the source's registry says is wrong */
async function planOf(payload: MirrorPayload, deps: ApiDeps, client: AbortSignal): Promise<CopyReport> {
  const borrowed = deps.borrowRegistries?.();
  const request = { ...mirrorRequest(payload), dryRun: true };
  const late = AbortSignal.timeout(PLAN_TIMEOUT_MS);
  try {
    const registries = borrowed?.value ?? deps.registries();
    return await copyArtifact(request, { registries, signal: AbortSignal.any([client, late]) });
  } catch (error) {
    if (!late.aborted) throw error;
    throw new TransshipError('timeout', `there is no plan after ${PLAN_TIMEOUT_MS / 1000} s`, { cause: error });
  } finally {
    borrowed?.giveBack();
  }
}

/** The same key of somebody else is another one. */
function keyOf({ name }: Identity, key: string): string {
  return `api:${sha256(JSON.stringify([name, key]))}`;
}

function hashOf(order: MirrorOrder): string {
  const members = Object.entries(order).sort(([one], [other]) => (one < other ? -1 : 1));
  return sha256(JSON.stringify(members));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** https://www.ietf.org/archive/id/draft-ietf-httpapi-idempotency-key-header-07.html#section-2.7 */
function assertSame(job: Job | undefined, requestHash: string | undefined): void {
  const first = mirrorPayload.safeParse(job?.payload).data?.requestHash;
  if (first === requestHash) return;
  throw new Refusal({
    status: 422,
    code: 'idempotency-key-reused',
    detail: 'this Idempotency-Key stands for another request',
    hint: 'take a new key for a new request',
  });
}
