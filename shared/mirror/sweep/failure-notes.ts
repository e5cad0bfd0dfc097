// Collects what went wrong while a repository was compared: told once for each place and reason, and where a registry fails
// again and again, it is not asked for thousands of further tags.
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { Repository } from '../../oci/repository.ts';
import { problemOf } from '../report.ts';
import type { SweepProblem } from './diff.ts';

const MOST_FAILURES = 10;

export type FailureNotes = {
  /** @throws what is no TransshipError, and interruptions */
  failed(place: string, error: unknown): void;
  /** Asks, or throws the last failure at once where there were too many. */
  unlessHopeless<T>(place: string, ask: () => Promise<T>): Promise<T>;
  /** None of the tags that a rule names is there. */
  missing(source: Repository, tags: readonly string[]): void;
};

export function failureNotes(problems: SweepProblem[]): FailureNotes {
  const byReason = new Map<string, SweepProblem>();
  const failures = new Map<string, { count: number; error: unknown }>();
  const note = (place: string, error: TransshipError) => {
    const key = `${place} ${error.code}`;
    const known = byReason.get(key);
    if (known !== undefined) {
      known.tags += 1;
      return;
    }
    const problem: SweepProblem = { place, state: 'failed', tags: 1, problem: problemOf(error) };
    byReason.set(key, problem);
    problems.push(problem);
  };

  return {
    failed(place, error) {
      if (!isTransshipError(error) || error.code === 'interrupted') throw error;
      note(place, error);
    },
    async unlessHopeless(place, ask) {
      const before = failures.get(place);
      if (before !== undefined && before.count >= MOST_FAILURES) throw before.error;
      try {
        return await ask();
      } catch (error) {
        failures.set(place, { count: (failures.get(place)?.count ?? 0) + 1, error });
        throw error;
      }
    },
    missing(source, tags) {
      const place = `${source.registry.host}/${source.name}`;
      const error = new TransshipError(
        'not-found',
        `${place} has none of the tags that the rule names: ${tags.join(', ')}`,
        {
          hint: 'check the names under tags.allow of the rule',
          details: { registry: source.registry.host, repository: source.name },
        },
      );
      note(place, error);
    },
  };
}
