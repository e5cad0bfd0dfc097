// What is wrong with a configuration: each problem with its place, the offending text and what to do; together they are one error.
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { redactText } from '../telemetry/redact-text.ts';
import type { Position } from './config-node.ts';

export type ConfigProblem = Position & {
  /** Where it is in the configuration, like `mirrors[0].tags`; empty for the whole. */
  path: string;
  /** The offending text as far as it can be shown: secrets never are. */
  text: string;
  /** What is wrong, without the place. */
  message: string;
  hint: string;
};

export function configProblem(
  at: Position,
  { path = '', text = '', message, hint }: { path?: string; text?: string; message: string; hint: string },
): ConfigProblem {
  const { file, line, column } = at;
  const shown = (value: string) => printable(redactText(value), 300);
  // a hint is ours, and speaks of passwords
  return { file, line, column, path, text: shown(text), message: shown(message), hint: printable(hint, 500) };
}

/** One line: `transship.yaml:3:5: mirrors[0].tags: unknown key "latests"`. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  return `${printable(file)}:${line}:${column}: ${path === '' ? '' : `${printable(path)}: `}${message}`;
}

/** The error for at least one problem, in the order of their places; all of them stand in `details.problems`. */
export function invalidConfig(problems: readonly ConfigProblem[]): TransshipError {
  const sorted = problems.toSorted(
    (left, right) => left.file.localeCompare(right.file) || left.line - right.line || left.column - right.column,
  );
  const [first, ...others] = sorted;
  if (first === undefined) return new TransshipError('internal', 'a configuration was refused without a problem');
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new TransshipError('invalid-config', `${formatProblem(first)}${more}`, {
    hint: first.hint,
    details: { problems: sorted },
  });
}

/** The problems behind an error that `invalidConfig` made; none for other errors. */
export function problemsOf(error: TransshipError): readonly ConfigProblem[] {
  const { problems } = error.details;
  return Array.isArray(problems) ? problems.filter(isConfigProblem) : [];
}

function isConfigProblem(value: unknown): value is ConfigProblem {
  return typeof value === 'object' && value !== null && 'line' in value && 'message' in value;
}
