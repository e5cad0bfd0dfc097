// The routes that look who may pull: everything that lets anybody, and whether this one may pull that image.
import * as z from 'zod';
import { TransshipError } from '../../../shared/errors.ts';
import { sitesOf } from '../../../shared/grants/sites.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import { auditJson } from '../../audit-grants/finding-json.ts';
import { pullAnswerJson } from '../../can-pull/answer-json.ts';
import type { PullMeans } from '../../can-pull/pull-means.ts';
import { registryNames } from '../../registry-names.ts';
import type { ApiDeps } from '../api-deps.ts';
import { isUnlimited, mayUseRegistries, OWNER, type Identity } from '../identity.ts';
import { Refusal } from '../problem.ts';
import { mayBeReached } from '../reachable-registry.ts';
import { addRoute, PLAIN, type Api } from '../route.ts';
import { auditSchema, pullAnswerSchema } from './finding-view.ts';
import { TAG } from './grant-params.ts';

const TIMEOUT_MS = 60_000;

const name = z.string().min(1).max(300);

export function addGrantAudit(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/grants/audit',
      access: 'read',
      tag: TAG,
      summary: 'Find everything that lets anybody pull',
      description:
        'Bindings, statements and members at each cluster and registry, ours or not, by what they allow and not by what they are called. Nothing is changed.',
      query: z.strictObject({
        cluster: name.optional().describe('only of this cluster'),
        registry: name.optional().describe('only of this registry'),
      }),
      answers: { 200: { description: 'What was found', schema: auditSchema } },
      errors: [502, 503, 504],
    },
    async ({ query, identity, context }) => {
      const found = await looking(deps, context.req.raw.signal, async ({ grantBackends }, signal) => {
        const { auditGrants } = await import('../../audit-grants.ts');
        const state = await deps.grants.state();
        const config = deps.config();
        // of a cluster all or nothing: its findings are those of all registries that ask it
        const isHidden = ({
          host,
          profiles,
          backend,
        }: {
          host: string;
          profiles: ReadonlyMap<string, unknown>;
          backend: string;
        }) => !isFor(identity, backend === 'kubernetes' ? [...profiles.keys()] : [host]);
        return auditGrants(config, { backendFor: grantBackends, state }, { ...query, isHidden, signal });
      });
      return Response.json(auditJson(found));
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/can-pull',
      access: 'read',
      tag: TAG,
      summary: 'Say whether somebody may pull an image',
      description:
        'Asks whoever decides. Of a registry inside of a cluster, its API server; of others, the registry itself, with the credential that a kubelet would use for that ServiceAccount.',
      body: z
        .strictObject({
          subject: name.describe('`my-ns/default`, `system:serviceaccount:my-ns:default`, `user:jane`, `group:dev`'),
          image: z.string().min(1).max(1024).describe('as Pods name it'),
          cluster: name.optional().describe('not needed where only one can be meant'),
        })
        .meta({ id: 'PullQuestion' }),
      answers: { 200: { description: 'The answer, and why', schema: pullAnswerSchema } },
      errors: [403, 502, 503, 504],
    },
    async ({ body: { subject, image, cluster }, identity, context }) => {
      assertVisible(identity, image, deps);
      const answer = await looking(deps, context.req.raw.signal, async (means, signal) => {
        const { canPull } = await import('../../can-pull.ts');
        return canPull(deps.config(), means, { subject, image, cluster, signal });
      });
      return Response.json(pullAnswerJson(answer));
    },
  );
}

function isFor(identity: Identity, registries: readonly string[]): boolean {
  return identity.rules === undefined && mayUseRegistries(identity, registries);
}

/** @throws Refusal 403; TransshipError invalid-reference */
function assertVisible(identity: Identity, image: string, { config }: ApiDeps): void {
  const { registry } = parseReference(image);
  const names = registryNames(registry, config());
  const [host] = names;
  const sites = sitesOf(config());
  // of those the API server is asked, and nobody knocks at their doors
  const isInside = config().clusters.some((cluster) => names.some((one) => sites.profileOf(one, cluster.name)));
  const isKnown = isInside || identity.name === OWNER.name || mayBeReached(host, config());
  if (isKnown && (isUnlimited(identity) || isFor(identity, [host]))) return;
  throw new Refusal({
    status: 403,
    code: 'forbidden',
    detail: `this client may not ask about ${registry}`,
    hint: 'name the registry in the configuration, or use a token that is not held to others',
  });
}

/** What is asked stays open until it is done, and it has a minute. @throws TransshipError timeout */
async function looking<Result>(
  { borrowPullMeans }: ApiDeps,
  client: AbortSignal,
  work: (means: PullMeans, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const borrowed = borrowPullMeans?.();
  if (borrowed === undefined)
    throw new TransshipError('invalid-config', 'clusters and registries cannot be asked here');
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await work(borrowed.value, AbortSignal.any([client, late]));
  } catch (error) {
    if (!late.aborted) throw error;
    throw new TransshipError('timeout', `not done after ${TIMEOUT_MS / 1000} s`, { cause: error });
  } finally {
    borrowed.giveBack();
  }
}
