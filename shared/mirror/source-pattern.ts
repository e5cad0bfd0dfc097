// The `from` of a rule: one repository, several by `{a,b}`, or all that fit `*` (within one component) and `**` (any depth).
import { isTransshipError, TransshipError } from '../errors.ts';
import { parseRepository, type Repository } from '../oci/reference.ts';
import { expandBraces } from './pattern/braces.ts';
import { matchesGlob } from './pattern/glob.ts';

export type SourcePattern = {
  /** As the user wrote it. */
  text: string;
  registry: string;
  /** The repositories that are named in full. */
  repositories: readonly Repository[];
  /** Paths with `*` or `**`, which only the registry's catalog can fill. */
  wildcards: readonly string[];
};

/** @throws TransshipError invalid-config */
export function parseSourcePattern(text: string): SourcePattern {
  const first = text.slice(0, Math.max(text.indexOf('/'), 0));
  if (/[{}*?]/.test(first) && /[.:]|^localhost$/.test(first)) {
    throw refused(`the registry "${first}" must be named in full`, 'write one rule for each registry');
  }
  const repositories = new Map<string, Repository>();
  const wildcards = new Set<string>();
  let registry = '';
  for (const one of expandBraces(text)) {
    const { repository, pattern } = readOne(one);
    registry = repository.registry;
    if (pattern === undefined) repositories.set(repository.repository, repository);
    else wildcards.add(pattern);
  }
  return { text, registry, repositories: [...repositories.values()], wildcards: [...wildcards] };
}

/** True if the repository is one of the pattern's. A `**` stands for one component or more. */
export function matchesSource(pattern: SourcePattern, { registry, repository }: Repository): boolean {
  if (registry !== pattern.registry) return false;
  if (pattern.repositories.some((one) => one.repository === repository)) return true;
  const components = repository.split('/');
  return pattern.wildcards.some(
    // most rules are told apart by what stands before the first star
    (wildcard) =>
      repository.startsWith(wildcard.slice(0, wildcard.search(/[*?]/))) && matchesPath(wildcard.split('/'), components),
  );
}

function matchesPath(pattern: readonly string[], components: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  const [component, ...others] = components;
  if (first === undefined || component === undefined) return first === undefined && component === undefined;
  if (first === '**') return matchesPath(rest, others) || matchesPath(pattern, others);
  return matchesGlob(first, component) && matchesPath(rest, others);
}

type One = { repository: Repository; pattern: string | undefined };

function readOne(text: string): One {
  if (!text.includes('*')) return { repository: readRepository(text, text), pattern: undefined };
  const misplaced = text.split('/').find((component) => component.includes('**') && component !== '**');
  if (misplaced !== undefined) {
    throw refused(`"**" in "${misplaced}" must stand alone between two "/"`, 'write * within a component');
  }
  if ((text.match(/\*\*/g) ?? []).length > 3)
    throw refused('it has more than three "**"', 'one is enough for any depth');
  // With a letter for every star it must read as a repository.
  const repository = readRepository(text.replaceAll(/\*+/g, 'x'), text);
  const [first = '', ...rest] = text.split('/');
  const path = /[.:A-Z]|^localhost$/.test(first) ? rest.join('/') : text;
  const isOfficial = repository.registry === 'docker.io' && !path.includes('/') && path !== '**';
  return { repository, pattern: isOfficial ? `library/${path}` : path };
}

function readRepository(text: string, shown: string): Repository {
  try {
    return parseRepository(text);
  } catch (error) {
    if (!isTransshipError(error, 'invalid-reference')) throw error;
    const reason = error.message.replace(/^invalid reference ".*?": /s, '');
    const hint = reason.includes('has no tag')
      ? `leave the tag out here and select it: tags: { allow: [${shown.slice(shown.lastIndexOf(':') + 1)}] }`
      : (error.hint ?? '');
    throw refused(reason, hint);
  }
}

function refused(reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint });
}
