// Time as the jobs see it; tests hand in another.

export type Clock = {
  now(): Date;
  /** Calls back once after the time; the result calls it off. */
  after(ms: number, callback: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => new Date(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
