// What the log says of a configuration: what it allows and may still not be meant, and why one was not taken over.
import type { LoadedConfig } from '../../shared/config/load.ts';
import { formatProblem, problemsOf } from '../../shared/config/problem.ts';
import { isTransshipError } from '../../shared/errors.ts';
import type { Config } from '../../shared/config/config.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import { neverTriggered } from './never-triggered.ts';

/** What the file allows and may still not be meant, and rules that wait for nobody. */
export function tellConfigWarnings(
  logger: Logger,
  { config, warnings }: Pick<LoadedConfig, 'config' | 'warnings'>,
): void {
  for (const problem of warnings) logger.warn('configuration', { reason: formatProblem(problem), hint: problem.hint });
  tellSilence(logger, config);
}

/** Each problem with its place; `told` says what follows from them. */
export function tellConfigProblems(logger: Logger, told: string, error: unknown): void {
  const problems = isTransshipError(error, 'invalid-config') ? problemsOf(error) : [];
  if (problems.length === 0) return logger.error(told, { err: error });
  for (const problem of problems) logger.error(told, { reason: formatProblem(problem), hint: problem.hint });
}

/** Says what the configuration allows and nobody can mean. */
function tellSilence(logger: Logger, config: Config): void {
  const { rules, credentials, grants } = config;
  if (rules.length + credentials.length + grants.length === 0) {
    logger.warn('there are no mirror rules: nothing is copied but what somebody asks for over the API');
  }
  for (const rule of neverTriggered(config)) {
    logger.warn('nothing triggers this rule: it has no schedule, and no receiver hears of pushes to its source', {
      rule,
    });
  }
}
