// A failure as a job keeps it: code, message and hint without secrets, cut to a size that every store can hold.
import { isTransshipError, messageOf } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { redactText } from '../telemetry/redact-text.ts';
import type { JobProblem } from './job.ts';

// Of at most 3 bytes each in UTF-8; with quotes, code and hint it stays under 2 KiB.
const MAX_MESSAGE_LENGTH = 400;
const MAX_HINT_LENGTH = 200;
const MAX_BYTES = 2048;

/** What is kept of anything that was thrown. */
export function problemOf(error: unknown): JobProblem {
  const code = isTransshipError(error) ? error.code : 'internal';
  const message = shown(messageOf(error), MAX_MESSAGE_LENGTH);
  const hint = isTransshipError(error) && error.hint !== undefined ? shown(error.hint, MAX_HINT_LENGTH) : undefined;
  return boundedProblem(hint === undefined ? { code, message } : { code, message, hint });
}

/** The same with less text where escapes made it too long. Stores apply it to what they are given. */
export function boundedProblem({ code, message, hint }: JobProblem): JobProblem {
  const problem = { code, message: redactText(message), ...(hint === undefined ? {} : { hint: redactText(hint) }) };
  if (Buffer.byteLength(JSON.stringify(problem)) <= MAX_BYTES) return problem;
  return { code, message: problem.message.slice(0, MAX_MESSAGE_LENGTH) };
}

function shown(text: string, maxLength: number): string {
  return printable(redactText(text), maxLength);
}
