// The end of every --help: examples, then exit codes.
import { EXIT_CODE_MEANINGS } from './exit-codes.ts';

/** One example: the words after `transship`, and what they do. */
export type Example = readonly [commandLine: string, meaning: string];

/** The text below a command's options. @param meanings of exit codes that say something of their own here */
export function helpEnding(
  examples: readonly Example[],
  exitCodes: readonly number[],
  meanings: Readonly<Record<number, string>> = {},
): string {
  const lines = ['', 'Examples:'];
  for (const [commandLine, meaning] of examples) {
    lines.push(`  # ${meaning}`, `  transship ${commandLine}`);
  }
  lines.push('', 'Exit codes:');
  for (const exitCode of exitCodes) {
    lines.push(`  ${String(exitCode).padStart(3)}  ${meanings[exitCode] ?? EXIT_CODE_MEANINGS[exitCode]}`);
  }
  return lines.join('\n');
}
