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
  const known = new Map<string, { answer: Promise<Answer>; untilMs: number }>();

  function forget(): void {
    const now = nowMs();
    for (const [key, { untilMs }] of known) {
      if (untilMs > now && known.size < most) return;
      known.delete(key);
    }
  }

  return (key, ask) => {
    const found = known.get(key);
    if (found !== undefined && found.untilMs > nowMs()) return found.answer;
    known.delete(key);
    forget();
    const entry = { answer: ask(), untilMs: nowMs() + keepMs };
    known.set(key, entry);
    entry.answer.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return entry.answer;
  };
}
