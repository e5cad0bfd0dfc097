// How much is under way at once in one process: large blobs weigh more than small ones, so that memory stays bounded
// while many small blobs still hide each other's round trips.

export type Slots = {
  /** Runs the work as soon as its weight is free; first come, first served. */
  run<T>(weight: number, work: () => Promise<T>): Promise<T>;
};

export function createSlots(capacity: number): Slots {
  const waiting: { weight: number; start: () => void }[] = [];
  let free = capacity;

  function admit(): void {
    for (let next = waiting[0]; next !== undefined && next.weight <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.weight;
      next.start();
    }
  }

  return {
    async run(wanted, work) {
      const weight = Math.min(wanted, capacity);
      if (waiting.length === 0 && weight <= free) free -= weight;
      else await new Promise<void>((start) => waiting.push({ weight, start }));
      try {
        return await work();
      } finally {
        free += weight;
        admit();
      }
    },
  };
}
