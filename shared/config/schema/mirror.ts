// The schema of `mirrors`: the rules that say what is to be where.
import * as z from 'zod';
import { scheduleOf } from './schedule.ts';
import {
  checkTagSet,
  entryName,
  platform,
  size,
  sourcePattern,
  tagPattern,
  targetTemplate,
  versionRange,
} from './text.ts';

/** An image goes to all of them in one job, which cannot have more: see `newJob`. */
const MOST_TARGETS = 80;

const patterns = z.array(tagPattern).min(1);

const tagSet = z
  .strictObject({
    allow: patterns.describe('only tags that fit one of these').optional(),
    deny: patterns.describe('none that fits one of these; stronger than everything but `always`').optional(),
    semver: versionRange.describe('only tags that are versions in this range').optional(),
    prereleases: z
      .boolean()
      .describe('versions like `1.2.3-rc.1` may be in the range; otherwise only if the range names one')
      .optional(),
    latest: z.int().min(1).describe('of what is left, the newest so many').optional(),
    by: z
      .enum(['semver', 'pushed'])
      .describe('what is newest: the highest version (the default), or what was pushed last')
      .optional(),
    always: patterns.describe('these too, whatever the rest says').optional(),
  })
  .superRefine(checkTagSet);

const schedule = scheduleOf('sweep')
  .default({ every: '6h' })
  .describe('when to sweep: to list, compare, and copy what differs');

const mirror = z.strictObject({
  name: entryName.describe('unique among the rules'),
  from: sourcePattern.describe(
    'the source: a repository, several (`{a,b}`), or a pattern: `*` is one component or a part of it, `**` any depth',
  ),
  to: z
    .array(targetTemplate)
    .min(1)
    .max(MOST_TARGETS)
    .describe(
      `the targets, at most ${MOST_TARGETS}: ` +
        '`{registry}`, `{repository}`, `{namespace}`, `{name}` and `{tag}` stand for those of the source',
    ),
  tags: z
    .union([tagSet, z.array(tagSet).min(1)])
    .default({})
    .describe('which tags: one set, or several whose choices are united; `{}` is all'),
  platforms: z
    .strictObject({
      include: z.array(platform).min(1).describe('the platforms'),
      mode: z
        .enum(['keep', 'rewrite', 'sparse'])
        .default('keep')
        .describe(
          '`keep` copies everything and insists that these are there; `rewrite` makes a smaller index, with another digest; ' +
            '`sparse` copies the whole index, but only these images',
        ),
    })
    .describe('which platforms; without it all')
    .optional(),
  referrers: z.boolean().default(true).describe('signatures, SBOMs and attestations follow'),
  onConflict: z
    .enum(['overwrite', 'refuse', 'backup'])
    .default('overwrite')
    .describe('where the target tag has other content: move it, leave it, or keep the old content under a backup tag'),
  onPush: z.boolean().default(true).describe("a receiver's push event starts a copy"),
  schedule,
  prune: z
    .enum(['off', 'plan', 'apply'])
    .default('off')
    .describe('tags that Transship wrote and that are no longer selected: leave them, list them, remove them'),
  priority: z.int().min(-1000).max(1000).default(0).describe('greater goes first'),
  bandwidth: size.describe('bytes a second for this rule').optional(),
});

export const mirrors = z.array(mirror).default([]).describe('Rules: what is to be where.');
