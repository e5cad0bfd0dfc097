// Remembers answers for some seconds, so that one pull is one question and not thirty. Who asks while an answer is on its way waits for
// that one; what failed is not remembered. In memory, and bounded.

/** The answer to the question with this key, remembered or asked for now. @throws what asking throws */
export type ShortMemory<Answer> = (key: string, ask: () => Promise<Answer>) => Promise<Answer>;

type Options = {
  /** In milliseconds, from the moment at which it was asked. */
  keepMs: number;
  nowMs: () => number;
  most?: number;
};

export function shortMemory<Answer>({ keepMs, nowMs, most = 10_000 }: Options): ShortMemory<Answer> {
  // the one that was asked first stands first
  const known = new Map<string, { answer: Promise<Answer>; askedAtMs: number }>();

  /** A clock that was set back would make seconds of hours. */
  function isFresh({ askedAtMs }: { askedAtMs: number }): boolean {
    const agoMs = nowMs() - askedAtMs;
    return agoMs >= 0 && agoMs < keepMs;
  }

  function forget(): void {
    for (const [key, entry] of known) {
      if (isFresh(entry) && known.size < most) return;
      known.delete(key);
    }
  }

  return (key, ask) => {
    const found = known.get(key);
    if (found !== undefined && isFresh(found)) return found.answer;
    known.delete(key);
    forget();
    const entry = { answer: ask(), askedAtMs: nowMs() };
    known.set(key, entry);
    entry.answer.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return entry.answer;
  };
}
