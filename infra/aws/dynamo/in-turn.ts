// Lets operations of this process on the same thing go one after another: they would only refuse each other at the table.

export type InTurn = <Result>(name: string, operation: () => Promise<Result>) => Promise<Result>;

export function inTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (name, operation) => {
    const before = last.get(name);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return operation();
    })();
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
