// An entry of a rule's `to`: where a source's tag goes, as a reference with `{placeholders}` for parts of the source.
import { isTransshipError, TransshipError } from '../errors.ts';
import { parseReference, type Reference } from '../oci/reference.ts';

type Placeholder = 'registry' | 'repository' | 'namespace' | 'name' | 'tag';
type Values = Readonly<Record<Placeholder, string>>;
type SourceTag = { registry: string; repository: string; tag: string };

export type TargetTemplate = {
  /** As the user wrote it. */
  text: string;
  registry: string;
  /** The path and the tag below the registry, with their placeholders. */
  path: string;
  tag: string;
};

const PLACEHOLDERS: readonly Placeholder[] = ['registry', 'repository', 'namespace', 'name', 'tag'];

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_NAMES = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);
const PLACEHOLDER = /\{([^{}]*)\}/g;

/** @throws TransshipError invalid-config */
export function parseTargetTemplate(text: string): TargetTemplate {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  if (/[{}]/.test(first)) throw refused(`the registry "${first}" must be named in full`, 'use {registry} in the path');
  for (const [whole, name = ''] of text.matchAll(PLACEHOLDER)) {
    if (!isPlaceholder(name)) throw refused(`${whole} is not known`, `known are ${list(PLACEHOLDERS)}`);
  }
  if (/[{}]/.test(text.replaceAll(PLACEHOLDER, ''))) {
    throw refused('a "{" and a "}" do not match', `placeholders are ${list(PLACEHOLDERS)}`);
  }
  if (text.includes('@')) throw refused('a target has no digest', 'the digest is that of the source');
  const sample = readReference(
    fill(text, {
      registry: 'registry',
      repository: 'namespace/name',
      namespace: 'namespace',
      name: 'name',
      tag: 'tag',
    }),
  );
  if (sample.registry === DOCKER_HUB && !DOCKER_HUB_NAMES.has(first)) {
    throw refused('the registry is missing', `write it in full: ${DOCKER_HUB}/${text}, or your own registry`);
  }
  const colon = text.lastIndexOf(':');
  const isTagged = colon > text.lastIndexOf('/');
  const path = (isTagged ? text.slice(0, colon) : text).slice(slash + 1);
  if (path.includes('{tag}')) throw refused('{tag} stands in the path', 'write it after the last ":"');
  return { text, registry: sample.registry, path, tag: isTagged ? text.slice(colon + 1) : '{tag}' };
}

/** Where a tag of the source goes. @throws TransshipError invalid-config if the template makes no valid reference of it */
export function renderTarget(
  template: TargetTemplate,
  source: SourceTag,
): { registry: string; repository: string; tag: string } {
  const path = fillPath(template, source);
  const { registry, repository, tag } = readReference(
    `${template.registry}/${path}:${fill(template.tag, valuesOf(source))}`,
  );
  return { registry, repository, tag: tag ?? source.tag };
}

/** The path below the target's registry; the source's repository may be a pattern. */
export function fillPath(template: TargetTemplate, source: SourceTag): string {
  return fill(template.path, valuesOf(source))
    .replaceAll(/\/{2,}/g, '/')
    .replace(/^\//, '');
}

function valuesOf({ registry, repository, tag }: SourceTag): Values {
  const slash = repository.lastIndexOf('/');
  return {
    // a path has no ":" for the port, no brackets and no capitals
    registry: registry
      .toLowerCase()
      .replaceAll(/[^a-z0-9.]+/g, '-')
      .replaceAll(/^-|-$/g, ''),
    repository,
    namespace: repository.slice(0, Math.max(slash, 0)),
    name: repository.slice(slash + 1),
    tag,
  };
}

function fill(text: string, values: Values): string {
  return text.replaceAll(PLACEHOLDER, (whole, name: string) => (isPlaceholder(name) ? values[name] : whole));
}

function isPlaceholder(name: string): name is Placeholder {
  return PLACEHOLDERS.some((one) => one === name);
}

function readReference(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    if (!isTransshipError(error, 'invalid-reference')) throw error;
    throw refused(error.message.replace(/^invalid reference ".*?": /s, ''), error.hint ?? '');
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}

function refused(reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint });
}
