// Replaces `${NAME}` and `${NAME:-default}` in every text and key by environment variables; `$${` stands for a literal `${`.
import type { ConfigNode, MapEntry, Position } from './config-node.ts';
import { configProblem, type ConfigProblem } from './problem.ts';

/** The text in a file that `interpolate` makes this text of. */
export function withoutVariables(text: string): string {
  // a function, because "$$" in a text to put in means one "$"
  return text.replaceAll('${', () => '$${');
}

type Replacing = { env: NodeJS.ProcessEnv; problems: ConfigProblem[] };

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const CONTENT = /^([A-Za-z_]\w*)(?::-(.*))?$/s;

/** The same tree with all variables replaced, and a problem for each that is unset or badly written. */
export function interpolate(
  root: ConfigNode,
  env: NodeJS.ProcessEnv,
): { root: ConfigNode; problems: readonly ConfigProblem[] } {
  const replacing: Replacing = { env, problems: [] };
  return { root: replaceIn(replacing, root), problems: replacing.problems };
}

function replaceIn(replacing: Replacing, node: ConfigNode): ConfigNode {
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => replaceIn(replacing, item)) };
  if (node.kind === 'map') {
    const entries = new Map<string, MapEntry>();
    for (const [key, { keyAt, value }] of node.entries) {
      const name = replaceText(replacing, key, keyAt);
      if (entries.has(name)) {
        const message = `the key "${key}" is "${name}" again, which stands here already`;
        replacing.problems.push(configProblem(keyAt, { text: key, message, hint: 'keep one of the two' }));
      }
      entries.set(name, { keyAt, value: replaceIn(replacing, value) });
    }
    return { ...node, entries };
  }
  return typeof node.value === 'string' ? { ...node, value: replaceText(replacing, node.value, node.at) } : node;
}

function replaceText({ env, problems }: Replacing, text: string, at: Position): string {
  return text.replaceAll(REFERENCE, (whole, content: string | undefined, end: string) => {
    if (content === undefined) return '${';
    const [, name, fallback] = CONTENT.exec(content) ?? [];
    if (name === undefined || end === '') {
      const message = `"${whole}" is not a variable`;
      const hint = 'write ${NAME} or ${NAME:-default}; $${ stands for a literal ${';
      problems.push(configProblem(at, { text: whole, message, hint }));
      return whole;
    }
    // as in a shell, ":-" stands in for an empty variable too
    const value = fallback === undefined ? env[name] : env[name] || fallback;
    if (value !== undefined) return value;
    const message = `the environment variable ${name} is not set`;
    problems.push(configProblem(at, { text: whole, message, hint: `set it, or give a default: \${${name}:-…}` }));
    return whole;
  });
}
