// Makes a configuration of the YAML that `skopeo sync --src yaml` reads.
// https://github.com/containers/skopeo/blob/main/docs/skopeo-sync.1.md
import type { ConfigPath } from '../config-node.ts';
import type { ConfigText } from '../load.ts';
import {
  beginImport,
  passwordVariable,
  ruleName,
  textAt,
  textsAt,
  valueAt,
  warn,
  warnOfOthers,
  type ImportedConfig,
  type Importing,
  type MirrorInput,
  type RegistryInput,
} from './imported.ts';

type TagSetInput = Exclude<NonNullable<MirrorInput['tags']>, readonly unknown[]>;

/** `isScoped`: the whole path of the source below the destination, not only its last part. */
export type SkopeoTarget = { destination: string; isScoped: boolean };

const METHODS = ['images', 'images-by-tag-regex', 'images-by-semver'] as const;

/** @throws TransshipError invalid-config if the file cannot be read as YAML */
export function importSkopeo(text: ConfigText, target: SkopeoTarget): ImportedConfig {
  const importing = beginImport(text);
  const registries: Record<string, RegistryInput> = {};
  const mirrors: MirrorInput[] = [];
  for (const host of importing.root.entries.keys()) {
    warnOfOthers(importing, [host], [...METHODS, 'credentials', 'tls-verify']);
    const registry = importRegistry(importing, host);
    if (Object.keys(registry).length > 0) registries[host] = registry;
    mirrors.push(...importImages(importing, host, target));
  }
  const all = 'skopeo sync copies one platform unless called with --all; here all platforms are copied';
  warn(importing, [], all, 'add platforms: { include: [linux/amd64], mode: rewrite } for fewer');
  return {
    config: { version: 1, ...(Object.keys(registries).length === 0 ? {} : { registries }), mirrors },
    warnings: importing.warnings,
  };
}

function importRegistry(importing: Importing, host: string): RegistryInput {
  const { root } = importing;
  const username = textAt(root, [host, 'credentials', 'username'])?.replaceAll('${', () => '$${');
  const isPlain = valueAt(root, [host, 'tls-verify']) === false;
  if (isPlain) {
    const hint = 'where it does speak TLS, write ca: { file: ./ca.pem } in place of plainHttp: true';
    warn(importing, [host, 'tls-verify'], 'it becomes plain HTTP: certificates are always checked', hint);
  }
  const variable = passwordVariable(host);
  if (username !== undefined) {
    const hint = `put it into the environment variable ${variable}, or use { file: PATH }`;
    warn(importing, [host, 'credentials'], 'the password is not carried over', hint);
  }
  return {
    ...(username === undefined ? {} : { credential: { username, password: { env: variable } } }),
    ...(isPlain ? { plainHttp: true } : {}),
  };
}

function importImages(importing: Importing, host: string, { destination, isScoped }: SkopeoTarget): MirrorInput[] {
  const { root } = importing;
  const sets = new Map<string, TagSetInput[]>();
  for (const method of METHODS) {
    const images = valueAt(root, [host, method]);
    for (const image of typeof images === 'object' && images !== null ? Object.keys(images) : []) {
      const set = tagSetOf(importing, [host, method, image], method);
      if (set !== undefined) sets.set(image, [...(sets.get(image) ?? []), set]);
    }
  }
  const below = isScoped ? '{registry}/{repository}' : '{name}';
  const to = [`${destination.replace(/^docker:\/\//, '').replace(/\/+$/, '')}/${below}`];
  return [...sets].map(([image, [first, ...others]]) => ({
    name: ruleName(importing, image),
    from: `${host}/${image}`,
    to,
    ...(first === undefined || Object.keys(first).length === 0
      ? {}
      : { tags: others.length === 0 ? first : [first, ...others] }),
    schedule: 'off' as const,
  }));
}

function tagSetOf(importing: Importing, path: ConfigPath, method: (typeof METHODS)[number]): TagSetInput | undefined {
  const { root } = importing;
  const texts = [...textsAt(root, path), ...[textAt(root, path) ?? []].flat()];
  if (method === 'images-by-tag-regex') return { allow: texts.map((expression) => `/${expression}/`) };
  if (method === 'images-by-semver') return { semver: texts.join(' || ') };
  const tags = texts.filter((tag) => !/^sha(?:256|512):/.test(tag));
  if (tags.length < texts.length) {
    warn(importing, path, 'images by digest are left out', 'copy them once: transship copy repository@sha256:… target');
  }
  if (texts.length > 0 && tags.length === 0) return undefined;
  return tags.length === 0 ? {} : { allow: tags };
}
