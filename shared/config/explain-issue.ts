// Turns what zod found into problems that somebody who edits the file understands: one for every mistake, at its place.
import type * as z from 'zod';
import { printable } from '../telemetry/printable.ts';
import { formatPath, keyPositionOf, nodeAt, positionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { describe, explainType, sourceOf, type Explaining, type Explanation } from './explain-type.ts';
import { nearestWord } from './nearest-word.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import { formsAt, keysAt, wordsAt } from './schema-shape.ts';
import { SECRET_AS_TEXT } from './schema/secret.ts';

type Issue = z.core.$ZodIssue;

/** The problems behind the issues of the schema. */
export function explainIssues(explaining: Explaining, issues: readonly Issue[]): ConfigProblem[] {
  const problems = issues.flatMap((issue) => explainIssue(explaining, issue));
  const mistyped = new Set(problems.map(({ path, hint }) => `${path} ${/^did you mean "(.*?)"/.exec(hint)?.[1]}`));
  // of a mistyped key it need not be told that the right one is missing
  return problems.filter(
    ({ path, text, message }) => message !== missingMessage(text) || !mistyped.has(`${path} ${text}`),
  );
}

/** The problems behind one issue; `base` is where the checked part stands in the tree. */
function explainIssue(explaining: Explaining, issue: Issue, base: ConfigPath = []): ConfigProblem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(explaining, path, key));
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => at(keyPositionOf(explaining.root, path), path, explainKey(inner)));
  }
  if (issue.code === 'invalid_union' && !isWritten(issue)) return explainUnion(explaining, issue, path);
  const node = nodeAt(explaining.root, path);
  if (node === undefined) return [missing(explaining, path)];
  return [at(positionOf(explaining.root, path), path, explain(explaining, issue, path, node))];
}

function explain(explaining: Explaining, issue: Issue, path: ConfigPath, node: ConfigNode | undefined): Explanation {
  if (issue.code === 'invalid_type') return explainType(explaining, issue.expected, path, node);
  if (issue.code === 'invalid_value') return unknownWord(wordsAt(explaining.schema, path), node);
  if (issue.code === 'too_small' || issue.code === 'too_big') return outOfBounds(issue, node);
  const explanation = written(issue.message);
  if (explanation.message === SECRET_AS_TEXT) return secretAsText(explanation, node);
  return { text: sourceOf(node), ...explanation };
}

/** What is wrong with a key that users choose: it is empty, or no host. */
function explainKey(issue: Issue): Explanation {
  return isWritten(issue) ? written(issue.message) : { message: 'the key is empty', hint: 'give it a name' };
}

/** Messages of our own have their hint in a second line. */
function written(message: string): Explanation {
  const [first = '', hint = ''] = message.split('\n');
  return { message: first, hint };
}

function isWritten(issue: Issue): boolean {
  return issue.message.includes('\n');
}

function unknownKey({ root, schema }: Explaining, path: ConfigPath, key: string): ConfigProblem {
  const known = keysAt(schema, path);
  if (known.includes(key)) {
    const message = `"${printable(key, 60)}" does not go together with what stands beside it`;
    const hint = `write one of: ${formsAt(schema, path).join(', ')}`;
    return at(keyPositionOf(root, [...path, key]), path, { text: key, message, hint });
  }
  const meant = nearestWord(key, known);
  const list = known.length === 0 ? 'no keys are known here' : `known keys: ${known.join(', ')}`;
  const hint = meant === undefined ? list : `did you mean "${meant}"? ${list}`;
  const message = `unknown key "${printable(key, 60)}"`;
  return at(keyPositionOf(root, [...path, key]), path, { text: key, message, hint });
}

function missing({ root, schema }: Explaining, path: ConfigPath): ConfigProblem {
  const parent = path.slice(0, -1);
  const words = wordsAt(schema, path);
  const forms = [...words, ...formsAt(schema, path)];
  const key = String(path.at(-1));
  const hint = forms.length === 0 ? `add ${key}: …` : `add ${key}: ${forms.join(', or ')}`;
  return at(positionOf(root, parent), parent, { text: key, message: missingMessage(key), hint });
}

function missingMessage(key: string): string {
  return `"${key}" is missing`;
}

function unknownWord(words: readonly string[], node: ConfigNode | undefined): Explanation {
  const list = words.join(', ');
  if (node?.kind !== 'scalar')
    return { message: `expected ${list}, found ${describe(node, false)}`, hint: `write ${list}` };
  const text = String(node.value);
  const meant = nearestWord(text, words);
  const message = `"${printable(text, 60)}" is not known here`;
  return { text, message, hint: `${meant === undefined ? '' : `did you mean ${meant}? `}known: ${list}` };
}

function outOfBounds(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  node: ConfigNode | undefined,
): Explanation {
  const isSmall = issue.code === 'too_small';
  const bound = isSmall ? issue.minimum : issue.maximum;
  const text = sourceOf(node);
  if (issue.origin === 'array') {
    const message = isSmall ? 'the list is empty' : `the list has more than ${bound} entries`;
    return { text, message, hint: isSmall ? 'name at least one, or leave the key out' : 'leave some out' };
  }
  if (issue.origin === 'string')
    return { text, message: 'the text is empty', hint: 'give it a value, or leave the key out' };
  const word = isSmall ? (issue.inclusive === false ? 'more than' : 'at least') : 'at most';
  return { text, message: `${text} is too ${isSmall ? 'small' : 'large'}`, hint: `it must be ${word} ${bound}` };
}

/** Shows the variable that stands there, but never the secret. */
function secretAsText(explanation: Explanation, node: ConfigNode | undefined): Explanation {
  const variable = /^["']?\$\{([A-Za-z_]\w*)(?::-.*)?\}["']?$/s.exec(sourceOf(node))?.[1];
  if (variable === undefined) return { ...explanation, text: '[redacted]' };
  return { ...explanation, text: `\${${variable}}`, hint: `write { env: ${variable} } in place of \${${variable}}` };
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>;

/** Of several forms that a value may have, explains the one that was most likely meant. */
function explainUnion(explaining: Explaining, issue: UnionIssue, path: ConfigPath): ConfigProblem[] {
  const { root, schema } = explaining;
  const node = nodeAt(root, path);
  const place = positionOf(root, path);
  const words = wordsAt(schema, path);
  if (node === undefined) return [missing(explaining, path)];
  // an unknown value of the key by which forms are told apart
  if (issue.errors.length === 0) return [at(place, path, unknownWord(words, node))];
  const fitting = issue.errors.filter((branch) => !branch.some(isOfOtherType)).toSorted((a, b) => cost(a) - cost(b));
  const [best] = fitting;
  if (best === undefined || node.kind === 'scalar') {
    const own = best?.find((inner) => inner.path.length === 0 && isWritten(inner));
    if (own !== undefined) return explainIssue(explaining, own, path);
    return [at(place, path, noForm(node, words, formsAt(schema, path)))];
  }
  const strangers = best.filter(({ code, path: inner }) => code === 'unrecognized_keys' && inner.length === 0);
  const isStrange = strangers.some(
    (inner) => 'keys' in inner && node.kind === 'map' && inner.keys.length === node.entries.size,
  );
  return (isStrange ? strangers : best).flatMap((inner) => explainIssue(explaining, inner, path));
}

function isOfOtherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

/** How far a value is from a form: unknown keys weigh most, because keys tell the forms apart. */
function cost(branch: readonly Issue[]): number {
  return branch.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys.length * 100 : 1),
    0,
  );
}

function noForm(node: ConfigNode, words: readonly string[], forms: readonly string[]): Explanation {
  const all = [...words, ...new Set(forms)].join(', or ');
  const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value : '';
  const meant = nearestWord(text, words);
  // a text in place of a map may hold a password
  if (meant === undefined) return { message: `${describe(node, false)} does not fit here`, hint: `write ${all}` };
  return { text, message: `"${text}" is not known here`, hint: `did you mean ${meant}?` };
}

function at(position: Parameters<typeof configProblem>[0], path: ConfigPath, explanation: Explanation): ConfigProblem {
  return configProblem(position, { path: formatPath(path), ...explanation });
}
