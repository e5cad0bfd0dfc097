// A problem at a path of the tree, where the value stands.
import { formatPath, positionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { configProblem, type ConfigProblem } from './problem.ts';

export function problemAt(
  root: ConfigNode,
  path: ConfigPath,
  told: { text: string; message: string; hint: string },
): ConfigProblem {
  return configProblem(positionOf(root, path), { path: formatPath(path), ...told });
}
