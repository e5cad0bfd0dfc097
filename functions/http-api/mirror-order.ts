// From the body of a request for a mirror to the payload of its job: references in full, targets and terms of a rule, and whether the
// one who asks may have it. Pure; nothing is resolved.
import * as z from 'zod';
import type { Config } from '../../shared/config/config.ts';
import { isTransshipError } from '../../shared/errors.ts';
import { judgeTag } from '../../shared/mirror/selection.ts';
import { matchesSource } from '../../shared/mirror/source-pattern.ts';
import { parsePlatform } from '../../shared/oci/platform.ts';
import { formatReference, parseReference, type Reference } from '../../shared/oci/reference.ts';
import type { MirrorPayload } from '../job-kinds/mirror-job.ts';
import { ruleMirror } from '../job-kinds/rule-mirror.ts';
import { registryNames } from '../registry-names.ts';
import { mayUseRegistries, mayUseRule, type Identity } from './identity.ts';
import { invalidBody } from './parse-input.ts';
import { Refusal } from './problem.ts';
import { mayBeReached } from './reachable-registry.ts';

// a job has no more
const MAX_TARGETS = 80;

const reference = z
  .string()
  .max(1024)
  .regex(/^[\w.:/@+[\]-]+$/, { error: 'it is no reference like docker.io/library/alpine:3.20' });
const source = reference.describe('a reference').meta({ examples: ['docker.io/library/alpine:3.20'] });
const dryRun = z.boolean().default(false).describe('only say what would be done');

const toTargets = z.strictObject({
  source,
  targets: z.array(reference).min(1).max(MAX_TARGETS).describe('references; one read of the source feeds all'),
  platforms: z
    .strictObject({
      include: z.array(z.string().min(1).max(255)).min(1).max(64).describe('like `linux/amd64`'),
      mode: z.enum(['keep', 'rewrite', 'sparse']).default('keep'),
    })
    .optional(),
  referrers: z.boolean().default(true).describe('copy signatures, SBOMs and attestations, too'),
  onConflict: z
    .enum(['overwrite', 'refuse', 'backup'])
    .default('overwrite')
    .describe('where a target names something else'),
  dryRun,
});

const byRule = z.strictObject({
  source,
  rule: z.string().min(1).max(255).describe('name of a mirror rule: its targets and terms are used'),
  dryRun,
});

export const mirrorOrder = z.union([toTargets, byRule]).meta({ id: 'MirrorOrder' });

export type MirrorOrder = z.output<typeof mirrorOrder>;

/** A payload and its priority. @throws Refusal 403, 404 for a rule that is not there, 422 */
export function payloadOf(
  order: MirrorOrder,
  identity: Identity,
  config: Config,
): { payload: MirrorPayload; priority: number } {
  const from = readReference(order.source, ['source']);
  return 'rule' in order ? fromRule(order.rule, from, identity, config) : fromTargets(order, from, identity, config);
}

function fromTargets(
  order: z.output<typeof toTargets>,
  from: Reference,
  identity: Identity,
  config: Config,
): { payload: MirrorPayload; priority: number } {
  if (identity.rules !== undefined) throw forbidden('this token is for rules: name one of them');
  const targets = order.targets.map((text, index) => readReference(text, ['targets', index]));
  refuseTwice([from, ...targets].map(formatReference));
  for (const [index, text] of (order.platforms?.include ?? []).entries()) {
    explain(() => parsePlatform(text), ['platforms', 'include', index]);
  }
  assertRegistries([from, ...targets], identity, config);
  const { referrers, onConflict, platforms } = order;
  return {
    priority: 0,
    payload: {
      source: formatReference(from),
      targets: targets.map(formatReference),
      trigger: 'api',
      ...(platforms === undefined ? {} : { platforms }),
      referrers,
      onConflict,
    },
  };
}

function fromRule(
  name: string,
  from: Reference,
  identity: Identity,
  config: Config,
): { payload: MirrorPayload; priority: number } {
  const rule = config.rules.find((one) => one.name === name);
  if (rule === undefined || !mayUseRule(identity, rule)) {
    throw new Refusal({ status: 404, code: 'not-found', detail: 'there is no such rule' });
  }
  const { tag, repository, digest } = from;
  if (tag === undefined) throw invalidBody('a rule mirrors tags: name one', ['source']);
  // else any image of the repository could be had under a tag that the rule selects
  if (digest !== undefined) throw invalidBody('a rule mirrors what the tag names: leave the digest out', ['source']);
  const { registry, text } = rule.from;
  const hosts = registryNames(registry, config);
  if (!hosts.includes(from.registry) || !matchesSource(rule.from, { registry, repository })) {
    throw invalidBody(`it is none of the repositories of rule ${name}: ${text}`, ['source']);
  }
  if (judgeTag(tag, rule.tags) === 'unselected')
    throw invalidBody(`rule ${name} does not select the tag ${tag}`, ['source']);
  const payload = explain(() => ruleMirror(rule, { repository, tag }, 'api', hosts), ['source']);
  if (payload === undefined) throw invalidBody('the rule has no other place for it', ['source']);
  return { payload, priority: rule.priority };
}

/** @throws Refusal 403 for a registry that is not the token's, or that nobody configured and that is no public one */
function assertRegistries(references: readonly Reference[], identity: Identity, config: Config): void {
  for (const { registry } of references) {
    if (!mayUseRegistries(identity, [registry])) throw forbidden(`this token is not for the registry ${registry}`);
    if (identity.name !== 'owner' && !mayBeReached(registry, config)) {
      throw forbidden(
        `the registry ${registry} is none of the configuration, and its name is none of the public network`,
        {
          hint: 'add it to registries in transship.yaml',
        },
      );
    }
  }
}

function forbidden(detail: string, more: { hint?: string } = {}): Refusal {
  return new Refusal({ status: 403, code: 'forbidden', detail, ...more });
}

function refuseTwice(texts: readonly string[]): void {
  const [source] = texts;
  for (const [index, text] of texts.entries()) {
    if (index > 0 && text === source) throw invalidBody('it is the source', ['targets', index - 1]);
    if (index > 0 && texts.indexOf(text) < index) throw invalidBody('it is named twice', ['targets', index - 1]);
  }
}

function readReference(text: string, path: readonly PropertyKey[]): Reference {
  return explain(() => parseReference(text), path);
}

function explain<T>(work: () => T, path: readonly PropertyKey[]): T {
  try {
    return work();
  } catch (error) {
    throw isTransshipError(error) ? invalidBody(error.message, path, error.hint) : error;
  }
}
