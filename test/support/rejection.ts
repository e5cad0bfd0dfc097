// Waits for what code under test rejects with, so that tests can look at all of it.
import { TransshipError } from '../../shared/errors.ts';

/** The TransshipError of a promise. @throws Error where it resolves; anything else that it rejects with goes on */
export async function rejectionOf(promise: Promise<unknown>): Promise<TransshipError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TransshipError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}
