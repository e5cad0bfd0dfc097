// Something that can be replaced while it is used: who borrowed the old one keeps it, and it is closed when the last gives it back.

type Closable = { close(): Promise<void> };

export type Swapped<T extends Closable> = {
  current: () => T;
  /** Keeps the present one open until the result is called. */
  borrow: () => () => void;
  swap: (next: T) => void;
  /** Closes the present one and all before it, used or not. */
  close: () => Promise<void>;
};

/** @param onTrouble hears of one that did not close */
export function swapped<T extends Closable>(first: T, onTrouble: (error: unknown) => void): Swapped<T> {
  type Held = { value: T; users: number; isOld: boolean };
  let held: Held = { value: first, users: 0, isOld: false };
  const open = new Set<Held>([held]);

  function closeUnused(one: Held): void {
    if (!one.isOld || one.users > 0 || !open.delete(one)) return;
    one.value.close().catch(onTrouble);
  }

  return {
    current: () => held.value,
    borrow() {
      const mine = held;
      mine.users += 1;
      let isBack = false;
      return () => {
        if (isBack) return;
        isBack = true;
        mine.users -= 1;
        closeUnused(mine);
      };
    },
    swap(next) {
      const old = held;
      held = { value: next, users: 0, isOld: false };
      open.add(held);
      old.isOld = true;
      closeUnused(old);
    },
    async close() {
      const all = [...open];
      open.clear();
      await Promise.all(all.map(({ value }) => value.close().catch(onTrouble)));
    },
  };
}
