// Makes a configuration of a regsync.yml. https://regclient.org/usage/regsync/
import type { ConfigPath } from '../config-node.ts';
import type { ConfigText } from '../load.ts';
import {
  beginImport,
  ruleName,
  splitTag,
  textAt,
  textsAt,
  valueAt,
  warn,
  warnOfOthers,
  wholeTag,
  type ImportedConfig,
  type Importing,
  type MirrorInput,
} from './imported.ts';
import { importCredentials, withVariables } from './regsync-credentials.ts';

type TagSetInput = Exclude<NonNullable<MirrorInput['tags']>, readonly unknown[]>;

const SYNC_KEYS = ['source', 'target', 'type', 'tags', 'tagSets', 'platform', 'platforms', 'backup', 'interval'];
const SHARED_KEYS = ['schedule', 'referrers', 'digestTags', 'fastCheck'];
const DEFAULT_KEYS = ['backup', 'interval', 'skipDockerConfig', 'userAgent', 'cacheCount', 'cacheTime', ...SHARED_KEYS];

/** @throws TransshipError invalid-config if the file cannot be read as YAML */
export function importRegsync(text: ConfigText): ImportedConfig {
  const importing = beginImport(text);
  const { root, warnings } = importing;
  warnOfOthers(importing, [], ['version', 'creds', 'defaults', 'sync', ...extensions(root.entries.keys())]);
  warnOfOthers(importing, ['defaults'], DEFAULT_KEYS);
  const registries = importCredentials(importing);
  const mirrors = listOf(valueAt(root, ['sync'])).flatMap((_, index) => importSync(importing, ['sync', index]));
  return {
    config: { version: 1, ...(Object.keys(registries).length === 0 ? {} : { registries }), mirrors },
    warnings,
  };
}

function extensions(keys: Iterable<string>): string[] {
  return [...keys].filter((key) => key.startsWith('x-'));
}

function importSync(importing: Importing, path: ConfigPath): MirrorInput[] {
  const { root } = importing;
  const source = withVariables(importing, [...path, 'source']);
  const target = withVariables(importing, [...path, 'target']);
  if (source === undefined || target === undefined) {
    warn(importing, path, 'the entry is left out: it has no source or no target', 'write the rule by hand');
    return [];
  }
  warnOfOthers(importing, path, [...SYNC_KEYS, ...SHARED_KEYS, 'repos']);
  const places = placesOf(importing, path, source, target);
  if (places === undefined) return [];
  return [
    {
      name: ruleName(importing, source),
      ...places,
      ...platformsOf(importing, path),
      referrers: isSet(importing, path, 'referrers') || isSet(importing, path, 'digestTags'),
      ...((textAt(root, [...path, 'backup']) ?? textAt(root, ['defaults', 'backup'])) ? { onConflict: 'backup' } : {}),
      schedule: scheduleOf(importing, path),
    },
  ];
}

type Places = Pick<MirrorInput, 'from' | 'to' | 'tags'>;

function placesOf(importing: Importing, path: ConfigPath, source: string, target: string): Places | undefined {
  const type = textAt(importing.root, [...path, 'type']);
  const sets = tagSetsOf(importing, path);
  const tags = sets.length === 0 ? {} : { tags: sets.length === 1 && sets[0] !== undefined ? sets[0] : sets };
  if (type === 'repository') return { from: source, to: [target], ...tags };
  if (type === 'registry') {
    const repos = [...path, 'repos'];
    if (valueAt(importing.root, repos) !== undefined) {
      warn(
        importing,
        repos,
        'repos is left out: the rule takes all repositories',
        'narrow from: down, like host/{a,b}/*',
      );
    }
    return { from: `${source}/**`, to: [`${target}/{repository}`], ...tags };
  }
  const from = splitTag(source);
  const to = splitTag(target);
  if (from === undefined || to === undefined) {
    warn(importing, path, 'the entry is left out: an image by digest', 'name a tag, or copy it once: transship copy');
    return undefined;
  }
  const renamed = to.tag === from.tag ? to.repository : `${to.repository}:${to.tag}`;
  return { from: from.repository, to: [renamed], tags: { allow: [from.tag] } };
}

/** regsync compares whole tags with regular expressions, and takes pre-releases for versions like any other. */
function tagSetsOf({ root }: Importing, path: ConfigPath): TagSetInput[] {
  const places = [
    [...path, 'tags'],
    ...listOf(valueAt(root, [...path, 'tagSets'])).map((_, i) => [...path, 'tagSets', i]),
  ];
  return places.flatMap((place) => {
    const allow = textsAt(root, [...place, 'allow']).map(wholeTag);
    const deny = textsAt(root, [...place, 'deny']).map(wholeTag);
    const ranges = textsAt(root, [...place, 'semverRange']).map(withPlainBounds);
    if (allow.length + deny.length + ranges.length === 0) return [];
    return {
      ...(allow.length > 0 ? { allow } : {}),
      ...(deny.length > 0 ? { deny } : {}),
      ...(ranges.length > 0 ? { semver: ranges.join(' || '), prereleases: true } : {}),
    };
  });
}

/** A version without operator is exactly that one in regsync; `^` and `~` end before the next release, not its pre-releases. */
function withPlainBounds(range: string): string {
  const parts = range
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [, operator = '', version = ''] = /^([\^~]|[<>=]*)v?(.*)$/.exec(part) ?? [];
      const [major = 0, minor = 0, patch = 0] = (version.split('-', 1)[0] ?? '').split('.').map(Number);
      const full = [major, minor, patch].join('.') + (/-.*$/.exec(version)?.[0] ?? '');
      if (operator === '~') return `>=${full} <${major}.${minor + 1}.0`;
      if (operator !== '^') return `${operator === '' ? '=' : operator}${full}`;
      if (major > 0) return `>=${full} <${major + 1}.0.0`;
      return minor > 0 ? `>=${full} <0.${minor + 1}.0` : `>=${full} <0.0.${patch + 1}`;
    });
  return parts.join(' ');
}

function platformsOf(importing: Importing, path: ConfigPath): Pick<MirrorInput, 'platforms'> {
  const { root } = importing;
  const one = textAt(root, [...path, 'platform']);
  if (one !== undefined) {
    const hint = 'mode: rewrite keeps an index with this one platform; regsync copies the image out of its index';
    warn(importing, [...path, 'platform'], 'platform is not quite the same', hint);
    return { platforms: { include: [one], mode: 'rewrite' } };
  }
  const several = textsAt(root, [...path, 'platforms']).filter((platform) => platform.includes('/'));
  return several.length === 0 ? {} : { platforms: { include: several, mode: 'sparse' } };
}

function scheduleOf({ root }: Importing, path: ConfigPath): NonNullable<MirrorInput['schedule']> {
  for (const place of [path, ['defaults']]) {
    const cron = textAt(root, [...place, 'schedule']);
    const every = textAt(root, [...place, 'interval']);
    if (cron !== undefined) return { cron };
    if (every !== undefined) return { every };
  }
  return 'off';
}

function isSet({ root }: Importing, path: ConfigPath, key: string): boolean {
  return (valueAt(root, [...path, key]) ?? valueAt(root, ['defaults', key])) === true;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
