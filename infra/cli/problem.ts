// An error as data, with the members of an RFC 9457 problem that make sense outside HTTP.
import { isTransshipError, messageOf } from '../../shared/errors.ts';
import { formatProblem, problemsOf, type ConfigProblem } from '../../shared/config/problem.ts';
import type { Problem } from '../../shared/mirror/copy-types.ts';

const REPORT_IT = 'this is a fault in transship: run it again with --log-level debug and report what it prints';

/** The problem behind anything that was thrown; what was not thrown on purpose has the code `internal`. */
export function problemOf(error: unknown): Problem {
  if (!isTransshipError(error))
    return { code: 'internal', message: `unexpected error: ${messageOf(error)}`, hint: REPORT_IT };
  const { registry, repository, operation, status } = error.details;
  return {
    code: error.code,
    message: error.message,
    ...(error.hint ? { hint: error.hint } : {}),
    ...(registry === undefined ? {} : { registry }),
    ...(repository === undefined ? {} : { repository }),
    ...(operation === undefined ? {} : { operation }),
    ...(status === undefined ? {} : { status }),
  };
}

/** The parts of an error about a configuration, their messages with the place in front; none for any other error. */
export function configProblemsOf(error: unknown): ConfigProblem[] {
  if (!isTransshipError(error, 'invalid-config')) return [];
  return problemsOf(error).map((problem) => ({ ...problem, message: formatProblem(problem) }));
}
