// Says of an error where it happened, as far as the error does not say so itself.
import { TransshipError, isTransshipError } from '../errors.ts';

export type Place = { registry: string; repository?: string; operation: string };

/** Registry and repository as references write them. */
export function nameOf({ registry, repository }: Pick<Place, 'registry' | 'repository'>): string {
  return repository === undefined ? registry : `${registry}/${repository}`;
}

/** The members of an error's details that a place fills. */
export function detailsOf({ registry, repository, operation }: Place): Place {
  return { registry, ...(repository === undefined ? {} : { repository }), operation };
}

/** The same error with what its details lack; an interruption, and anything that was not thrown on purpose, passes unchanged. */
export function located(error: unknown, place: Place): unknown {
  if (!isTransshipError(error) || error.code === 'interrupted') return error;
  const details = { ...detailsOf(place), ...error.details };
  if (Object.keys(details).length === Object.keys(error.details).length) return error;
  const said = error.message.includes(details.registry);
  return new TransshipError(
    error.code,
    said ? error.message : `${nameOf(place)}: ${place.operation} failed: ${error.message}`,
    {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      retryable: error.retryable,
      details,
      cause: error.cause,
    },
  );
}
