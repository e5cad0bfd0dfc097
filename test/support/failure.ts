// Catches what code under test throws, so that tests can look at all of it.
import { TransshipError } from '../../shared/errors.ts';

/** The TransshipError that `run` throws; undefined if it throws nothing. Anything else that is thrown goes on. */
export function failureOf(run: () => unknown): TransshipError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof TransshipError) return error;
    throw error;
  }
}
