// Something that can be replaced while it is used: who borrowed one keeps it, and whatever replaces it meanwhile. Each is closed when the
// last who may use it gives back.

type Borrowed<T> = { value: T; giveBack: () => void };

type Closable = { close(): Promise<void> };

export type Swapped<T extends Closable> = {
  current: () => T;
  /** Keeps the present one, and those after it, open until it is given back. */
  borrow: () => Borrowed<T>;
  swap: (next: T) => void;
  /** Closes the present one and all before it, used or not. */
  close: () => Promise<void>;
};

/** @param onTrouble hears of one that did not close */
export function swapped<T extends Closable>(first: T, onTrouble: (error: unknown) => void): Swapped<T> {
  type Held = { value: T; users: number; isOld: boolean };
  let held: Held = { value: first, users: 0, isOld: false };
  const open = new Set<Held>([held]);

  /** From the oldest on: who uses that one may have asked for each of the others since. */
  function closeUnused(): void {
    for (const one of open) {
      if (!one.isOld || one.users > 0) return;
      open.delete(one);
      one.value.close().catch(onTrouble);
    }
  }

  return {
    current: () => held.value,
    borrow() {
      const mine = held;
      mine.users += 1;
      let isBack = false;
      const giveBack = (): void => {
        if (isBack) return;
        isBack = true;
        mine.users -= 1;
        closeUnused();
      };
      return { value: mine.value, giveBack };
    },
    swap(next) {
      const old = held;
      held = { value: next, users: 0, isOld: false };
      open.add(held);
      old.isOld = true;
      closeUnused();
    },
    async close() {
      const all = [...open];
      open.clear();
      await Promise.all(all.map(({ value }) => value.close().catch(onTrouble)));
    },
  };
}
