// The schema of `credentials`: which registries' credentials are to be in which Namespaces of which clusters.
import * as z from 'zod';
import { labelName, labelSelector, namespacePattern, objectName } from './kubernetes-text.ts';
import { scheduleOf } from './schedule.ts';
import { host } from './text.ts';

const ALL = 'all: true';

const namespaces = z
  .strictObject({
    names: z
      .array(
        namespacePattern.refine((pattern) => !/^\*+$/.test(pattern), {
          error: `it selects every Namespace\nwrite ${ALL} in place of names if that is meant`,
        }),
      )
      .min(1)
      .describe('names and patterns (`team-*`)')
      .exactOptional(),
    selector: labelSelector(ALL)
      .describe('by labels: a map of them, or a selector as Kubernetes has it')
      .exactOptional(),
    all: z.literal(true).describe('every Namespace').exactOptional(),
    exclude: z
      .array(namespacePattern)
      .default([])
      .describe('names and patterns that are left out, whatever selects them'),
  })
  .refine(({ names, selector, all }) => [names, selector, all].filter((one) => one !== undefined).length === 1, {
    error: `exactly one of names, selector and all must be there\nwrite names: [team-*], selector: { label: value }, or ${ALL}`,
  })
  .describe('which Namespaces: by exactly one of `names`, `selector` and `all`');

const rule = z.strictObject({
  name: labelName.describe('unique among the rules; it marks the Secrets that belong to it'),
  clusters: z.array(z.string().min(1)).min(1).describe('clusters, by their names in `clusters`'),
  namespaces,
  registries: z.array(host).min(1).describe('registries, by their hosts in `registries`'),
  secret: z
    .strictObject({
      name: objectName('Secret').describe('its name; with `per-registry` the registry comes after it'),
      layout: z
        .enum(['merged', 'per-registry'])
        .default('merged')
        .describe('one Secret for all registries, or one for each'),
    })
    .describe('the Secret in each Namespace'),
  serviceAccounts: z
    .union(
      [
        z.literal('none').describe('no references: for those who write `imagePullSecrets` themselves'),
        z.literal('all').describe('every ServiceAccount, also later ones'),
        z.array(objectName('ServiceAccount')).min(1).describe('by name'),
        z.strictObject({ selector: labelSelector('all').describe('by labels') }),
      ],
      {
        error: ({ input }) =>
          typeof input === 'string'
            ? `a text is none or all\nwrite [NAME, …], all, none, or { selector: { label: value } }`
            : undefined,
      },
    )
    .default(['default'])
    .describe('ServiceAccounts that get a reference to the Secret'),
  verify: z
    .boolean()
    .default(true)
    .describe(
      'ask the registry whether it takes a new credential before it is distributed; `false` for one that cannot be reached from here',
    ),
  prune: z.boolean().default(false).describe('remove our Secrets and references where no rule wants them any more'),
  adopt: z
    .boolean()
    .default(false)
    .describe('take over a Secret of the same name that somebody else made; hosts of others in it stay as they are'),
  schedule: scheduleOf('forced refresh')
    .describe(
      'refresh at these times even if nothing is due; without it each credential is refreshed at half of its life',
    )
    .exactOptional(),
});

export const credentials = z
  .array(rule)
  .default([])
  .describe('Rules: which pull credentials are to be in which Namespaces.');
