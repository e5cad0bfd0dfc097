// Does something for many, so many at a time. The first failure ends it, after what is under way.

export async function inFlight<Item>(
  most: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let isOver = false;
  const lane = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true && !isOver; next = left.next()) {
      try {
        await work(next.value);
      } catch (error) {
        isOver = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: most }, lane));
  for (const ended of lanes) {
    if (ended.status === 'rejected') throw ended.reason;
  }
}
