// A name that leads nowhere, told with what may have been meant.
import type { ConfigNode, ConfigPath } from './config-node.ts';
import { nearestWord } from './nearest-word.ts';
import { problemAt } from './problem-at.ts';
import type { ConfigProblem } from './problem.ts';

export function dangling(
  root: ConfigNode,
  path: ConfigPath,
  name: string,
  known: readonly string[],
  { what, where = '' }: { what: string; where?: string },
): ConfigProblem {
  const meant = nearestWord(name, known);
  const list = known.length === 0 ? `there is no ${what} here` : `known: ${[...new Set(known)].join(', ')}`;
  const message = `there is no ${what} "${name}"${where}`;
  const hint = meant === undefined ? list : `did you mean "${meant}"? ${list}`;
  return problemAt(root, path, { text: name, message, hint });
}
