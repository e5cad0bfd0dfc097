// The routes of mirror rules: what is configured, and a sweep on demand.
import * as z from 'zod';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { ruleSweep } from '../job-kinds/sweep-job.ts';
import type { ApiDeps } from './api-deps.ts';
import { acceptedJob, acceptedSchema, locationHeaders } from './accepted-job.ts';
import { mayUseRule, type Identity } from './identity.ts';
import { Refusal } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const TAG = 'rules';

const ruleSchema = z
  .object({
    name: z.string(),
    from: z.string(),
    to: z.array(z.string()),
    tags: z.array(z.looseObject({})).describe('their union; `{}` is all'),
    platforms: z.object({ include: z.array(z.string()), mode: z.enum(['keep', 'rewrite', 'sparse']) }).optional(),
    referrers: z.boolean(),
    onConflict: z.enum(['overwrite', 'refuse', 'backup']),
    onPush: z.boolean(),
    schedule: z
      .union([z.object({ cron: z.string(), timeZone: z.string() }), z.object({ everyMs: z.number() })])
      .optional()
      .describe('absent: no sweeps'),
    prune: z.enum(['off', 'plan', 'apply']),
    priority: z.number(),
    bandwidthBytesPerSecond: z.number().optional(),
  })
  .meta({ id: 'Rule' });

export function addRules(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/rules',
      access: 'read',
      tag: TAG,
      summary: 'List the mirror rules',
      answers: {
        200: { description: 'All rules of the configuration', schema: z.object({ items: z.array(ruleSchema) }) },
      },
    },
    ({ identity }) => {
      const visible = deps.config().rules.filter((rule) => mayUseRule(identity, rule));
      return Response.json({ items: visible.map(viewOf) });
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/rules/{name}/sync',
      access: 'mirror',
      tag: TAG,
      summary: 'Sweep a rule now',
      description: 'Lists what the rule selects, compares, and asks for a mirror job for each difference.',
      params: z.object({ name: z.string().describe('name of a rule') }),
      answers: {
        202: { description: 'The sweep is stored as a job', schema: acceptedSchema, headers: locationHeaders },
      },
      errors: [404, 503],
    },
    async ({ params: { name }, identity }) => {
      const rule = visibleRule(name, identity, deps);
      const { id } = await deps.jobs.accept(ruleSweep(rule, { trigger: 'api' }));
      return acceptedJob(id, deps.jobs);
    },
  );
}

/** @throws Refusal 404 for one that is not there, or not for this identity */
function visibleRule(name: string, identity: Identity, { config }: ApiDeps): MirrorRule {
  const rule = config().rules.find((one) => one.name === name);
  if (rule !== undefined && mayUseRule(identity, rule)) return rule;
  throw new Refusal({ status: 404, code: 'not-found', detail: 'there is no such rule' });
}

function viewOf({
  from,
  to,
  tags,
  platforms,
  schedule,
  bandwidthBytesPerSecond,
  ...rule
}: MirrorRule): z.input<typeof ruleSchema> {
  const { name, referrers, onConflict, onPush, prune, priority } = rule;
  return {
    name,
    from: from.text,
    to: to.map(({ text }) => text),
    tags: tags.map((set) => ({ ...set })),
    ...(platforms === undefined ? {} : { platforms: { include: [...platforms.include], mode: platforms.mode } }),
    referrers,
    onConflict,
    onPush,
    ...(schedule === undefined ? {} : { schedule }),
    prune,
    priority,
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
  };
}
