// Reads a grant that somebody declares over the API: the words, defaults and checks of the file, against the registries and clusters of
// the configuration that holds. Nothing in it is replaced: variables are the file's alone.
import { TransshipError } from '../errors.ts';
import type { PullGrant } from '../grants/grant.ts';
import type { Config } from './config.ts';
import { invalidConfig, type ConfigProblem } from './problem.ts';
import { toGrants } from './to-grants.ts';
import { validate } from './validate.ts';
import { readYamlNodes } from './yaml-nodes.ts';

type Known = Pick<Config, 'registries' | 'clusters'>;

const PLACE = 'grants[0]';

/** Its origin is the store. @throws TransshipError invalid-config, whose problems have paths in the declaration */
export function readGrant(declaration: unknown, config: Known): PullGrant {
  const text = JSON.stringify({ version: 1, ...placesOf(config), grants: [declaration] });
  const { root, problems } = readYamlNodes(text, 'grant');
  if (root?.kind !== 'map') throw invalidConfig(problems);
  const { file, problems: found } = validate(root);
  const own = found.filter(({ path }) => path.startsWith(PLACE));
  if (own.length > 0) throw invalidConfig(own.map(withoutPlace));
  const [grant] = file === undefined ? [] : toGrants(file);
  if (grant !== undefined) return { ...grant, origin: 'store' };
  throw new TransshipError('internal', 'the configuration itself cannot be read any more', {
    details: { problems: found },
  });
}

/** What a grant may name; how it is reached is none of its business. */
function placesOf({ registries, clusters }: Known): object {
  return {
    registries: Object.fromEntries(registries.map(({ host, kind, aliases }) => [host, { kind, aliases }])),
    clusters: clusters.map(({ name, registries: inside }) => ({ name, registries: inside, inCluster: {} })),
  };
}

function withoutPlace({ path, ...problem }: ConfigProblem): ConfigProblem {
  return { ...problem, path: path.slice(PLACE.length).replace(/^\./, '') };
}
