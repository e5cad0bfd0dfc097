// A limit of time for something that a connection does: beyond it the connection is cut, and what waits for it fails.

/** @param code of the error, as network-errors.ts knows it */
export async function within<T>(
  ms: number,
  code: string,
  connection: { destroy(error?: Error): unknown },
  work: Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => connection.destroy(timedOut(code)), ms);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

export function timedOut(code: string): Error {
  return Object.assign(new Error('no answer in time'), { code });
}
