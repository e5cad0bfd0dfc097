// The routes of credentials in clusters: how each rule stands in each of its clusters, by what the last look at the whole cluster found,
// and a refresh on demand. No cluster is asked for the answer, and no credential is ever in one.
import * as z from 'zod';
import type { CredentialRuleConfig } from '../../shared/config/config.ts';
import { secretTargets } from '../../shared/credentials/secret-target.ts';
import { isTransshipError } from '../../shared/errors.ts';
import { credentialRules } from '../access/credential-rules.ts';
import { credentialsJob } from '../job-kinds/credentials-job.ts';
import type { ApiDeps } from './api-deps.ts';
import { lastLooks, type Look } from './credentials/last-looks.ts';
import { issuedSchema, issuedView } from './credentials/issued-view.ts';
import { locationHeaders } from './accepted-job.ts';
import { mayUseRegistries, type Identity } from './identity.ts';
import { jobSummarySchema, summaryOf } from './job-view.ts';
import { invalidBody } from './parse-input.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const TAG = 'credentials';

const conflict = z.object({
  namespace: z.string(),
  object: z.string(),
  reason: z.string(),
  message: z.string(),
  hint: z.string(),
});

const problem = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });

const stateSchema = z
  .object({
    rule: z.string(),
    cluster: z.string(),
    state: z
      .enum(['unknown', 'current', 'degraded', 'conflict', 'failed'])
      .describe(
        '`degraded`: a provider gives no new credential, what is there stays; `conflict`: objects of others stand in the way; `failed`: something could not be written, or the cluster not be reached; `unknown`: nobody has looked yet',
      ),
    secrets: z.array(z.string()).describe('the names of the Secrets in each Namespace'),
    registries: z.array(
      z.object({
        registry: z.string(),
        hosts: z.array(z.string()).describe('the keys of `auths`'),
        credential: issuedSchema.optional(),
        problem: problem.extend({ retryAt: z.iso.datetime() }).optional(),
      }),
    ),
    conflicts: z.array(conflict).describe('the first of them'),
    lookedAt: z.iso.datetime().optional().describe('when the last look at the whole cluster ended'),
    job: z.string().optional().describe('that looked'),
    namespaces: z.int().optional().describe('that were looked at, of all rules together'),
    overdue: z
      .int()
      .optional()
      .describe('Secrets with a credential that should be renewed by now, of all rules together'),
    firstEndsAt: z.iso.datetime().optional().describe('when the first credential in the cluster ends'),
    refreshAt: z.iso.datetime().optional().describe('when something in the cluster is due next'),
    problem: problem.optional().describe('why the last look failed'),
  })
  .meta({ id: 'CredentialState' });

type CredentialState = z.input<typeof stateSchema>;

const name = z.string().min(1).max(253);

const refreshOrder = z
  .strictObject({
    cluster: name.optional().describe('absent: all that the rules name'),
    rule: name.optional().describe('only this one'),
    namespace: name.optional().describe('only there'),
    force: z.boolean().default(false).describe('issue and write anew what is not due, too'),
  })
  .meta({ id: 'CredentialRefresh' });

export function addCredentials(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/credentials',
      access: 'read',
      tag: TAG,
      summary: 'How the credentials in the clusters stand',
      answers: {
        200: { description: 'Each rule in each of its clusters', schema: z.object({ items: z.array(stateSchema) }) },
      },
    },
    async ({ identity }) => {
      const rules = (await credentialRules(deps)).filter((rule) => maySee(identity, rule));
      const looks = await lastLooks(deps.jobs, new Set(rules.flatMap(({ clusters }) => clusters)));
      const items = rules.flatMap((rule) =>
        rule.clusters.map((cluster) => stateOf(rule, cluster, looks.get(cluster), deps)),
      );
      return Response.json({ items });
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/credentials/refresh',
      access: 'credentials',
      tag: TAG,
      summary: 'Refresh credentials in clusters now',
      description: 'What is due is issued and written; with `force` everything is.',
      body: refreshOrder,
      answers: {
        202: {
          description:
            'Stored, a job for each cluster, or for each rule there where others have some, too; `Location` is that of the first',
          schema: z.object({ jobs: z.array(jobSummarySchema).min(1) }),
          headers: locationHeaders,
        },
      },
      errors: [503],
    },
    async ({ body: { cluster, rule, namespace, force }, identity }) => {
      const terms = { ...(namespace === undefined ? {} : { namespace }), ...(force ? { force } : {}) };
      const asked = scopesFor({ cluster, rule }, identity, await credentialRules(deps)).map(async (scope) => {
        const job = credentialsJob({ ...scope, ...terms, trigger: 'api' });
        return deps.jobs.get((await deps.jobs.accept(job)).id);
      });
      const jobs = (await Promise.all(asked)).filter((job) => job !== undefined).map(summaryOf);
      return Response.json({ jobs }, { status: 202, headers: { location: `/v1/jobs/${jobs[0]?.id}` } });
    },
  );
}

/** The list of a token names rules of mirrors: who is held to some of them sees none of these. */
function maySee(identity: Identity, { registries }: CredentialRuleConfig): boolean {
  return identity.rules === undefined && mayUseRegistries(identity, registries);
}

/** What there are jobs for: what all rules want of a cluster only for who may use them all. @throws Refusal 422 */
function scopesFor(
  { cluster, rule }: { cluster: string | undefined; rule: string | undefined },
  identity: Identity,
  all: readonly CredentialRuleConfig[],
): { cluster: string; rule?: string }[] {
  const clusters = clustersFor({ cluster, rule }, identity, all);
  if (rule !== undefined) return clusters.map((one) => ({ cluster: one, rule }));
  return clusters.flatMap((one) => {
    const rules = all.filter(({ clusters: served }) => served.includes(one));
    const own = rules.filter((each) => maySee(identity, each));
    return own.length === rules.length ? { cluster: one } : own.map(({ name: each }) => ({ cluster: one, rule: each }));
  });
}

/** @throws Refusal 422 for what no rule speaks of */
function clustersFor(
  { cluster, rule }: { cluster: string | undefined; rule: string | undefined },
  identity: Identity,
  all: readonly CredentialRuleConfig[],
): string[] {
  const rules = all.filter((one) => maySee(identity, one));
  const meant = rule === undefined ? rules : rules.filter((one) => one.name === rule);
  if (meant.length === 0 && rule !== undefined) throw invalidBody('there is no such rule of credentials', ['rule']);
  const clusters = [...new Set(meant.flatMap((one) => one.clusters))];
  if (clusters.length === 0) throw invalidBody('there are no rules of credentials', []);
  if (cluster === undefined) return clusters;
  if (!clusters.includes(cluster)) throw invalidBody('no rule brings credentials to such a cluster', ['cluster']);
  return [cluster];
}

function stateOf(rule: CredentialRuleConfig, cluster: string, look: Look | undefined, deps: ApiDeps): CredentialState {
  const { result, problem: failure } = look ?? {};
  const conflicts = (result?.conflicts.first ?? []).filter((one) => one.rule === rule.name);
  const registries = rule.registries.map((registry) => {
    const provider = result?.providers.find((one) => one.registry === registry);
    return {
      registry,
      hosts: hostsOf(registry, deps),
      ...(provider === undefined ? {} : { problem: troubleOf(provider) }),
      ...issuedView(registry, deps),
    };
  });
  return {
    rule: rule.name,
    cluster,
    state: wordFor(rule, look, conflicts.length),
    secrets: secretTargets(rule).map(({ secret }) => secret),
    registries,
    conflicts: conflicts.map(({ rule: _, ...rest }) => rest),
    ...(look === undefined ? {} : { job: look.jobId }),
    ...(look?.endedAt === undefined ? {} : { lookedAt: look.endedAt.toISOString() }),
    ...(result === undefined ? {} : { namespaces: result.namespaces, overdue: result.overdue }),
    ...(result?.firstEndsAt === undefined ? {} : { firstEndsAt: result.firstEndsAt }),
    ...(result?.nextAt === undefined ? {} : { refreshAt: result.nextAt }),
    ...(failure === undefined ? {} : { problem: failure }),
  };
}

function wordFor(
  { registries }: CredentialRuleConfig,
  look: Look | undefined,
  conflicts: number,
): CredentialState['state'] {
  if (look?.problem !== undefined) return 'failed';
  if (look?.result === undefined) return 'unknown';
  const { failures, degraded, providers } = look.result;
  if (failures.count > 0) return 'failed';
  if (conflicts > 0) return 'conflict';
  const troubled = [...degraded, ...providers].some(({ registry }) => registries.includes(registry));
  return troubled ? 'degraded' : 'current';
}

function troubleOf({ code, message, hint, retryAt }: NonNullable<Look['result']>['providers'][number]) {
  return { code, message, ...(hint === undefined ? {} : { hint }), retryAt };
}

/** None where nobody issues it: the look at the cluster tells why. */
function hostsOf(registry: string, { issuers }: ApiDeps): string[] {
  try {
    return [...issuers().of(registry).hosts];
  } catch (error) {
    if (isTransshipError(error)) return [];
    throw error;
  }
}
