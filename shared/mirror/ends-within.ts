// Waiting for work, but not for ever.

/** True once the work has ended, false if that takes longer; the work goes on either way. @throws what the work throws in time */
export async function endsWithin(work: Promise<unknown>, timeMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, timeMs, false);
  try {
    return await Promise.race([work.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}
