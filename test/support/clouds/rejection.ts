// What a promise is rejected with, so that tests can look at all of it.

/** Undefined where it is fulfilled. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
