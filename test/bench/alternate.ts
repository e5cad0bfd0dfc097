// The order of the runs: each round runs everybody once and starts with the next one, so that what the machine does
// in the background, or what a run leaves behind, hits nobody in particular.

/** Runs `work` for each of `items` in each round; the results stand in the order of the items, then of the rounds. */
export async function alternate<Item, Result>(
  items: readonly Item[],
  rounds: number,
  work: (item: Item, round: number) => Promise<Result>,
): Promise<Result[][]> {
  const results: Result[][] = items.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < items.length; turn++) {
      const index = (round + turn) % items.length;
      const item = items[index];
      if (item !== undefined) results[index]?.push(await work(item, round));
    }
  }
  return results;
}
