// Reads what an index spreads over several groups, side by side, and tells it in one order.
import { text, type Item } from './attributes.ts';
import type { Query, TableAccess } from './table-access.ts';

/** All that a query finds, page by page. */
export async function* allOf(table: TableAccess, query: Query): AsyncGenerator<Item> {
  let start: Item | undefined;
  do {
    const page = await table.query({ ...query, ...(start === undefined ? {} : { ExclusiveStartKey: start }) });
    yield* page.items;
    start = page.last;
  } while (start !== undefined);
}

/** @param by the attribute by which each lane is sorted */
export async function* merged(lanes: readonly AsyncGenerator<Item>[], by: string): AsyncGenerator<Item> {
  const started = await Promise.all(lanes.map(async (lane) => ({ lane, head: await lane.next() })));
  for (;;) {
    let first: { lane: AsyncGenerator<Item>; item: Item; order: string } | undefined;
    for (const { lane, head } of started) {
      if (head.done === true) continue;
      const order = text(head.value, by);
      if (first === undefined || order < first.order) first = { lane, item: head.value, order };
    }
    if (first === undefined) return;
    const { lane, item } = first;
    yield item;
    const taken = started.find((one) => one.lane === lane);
    if (taken !== undefined) taken.head = await lane.next();
  }
}

/** The last so many that a query finds and that are wanted, backwards; some more where a page has them. */
export async function newestOf(
  table: TableAccess,
  query: Query,
  want: number,
  isWanted: (item: Item) => boolean = () => true,
): Promise<Item[]> {
  const found: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await table.query({
      ...query,
      ScanIndexForward: false,
      Limit: want,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    found.push(...page.items.filter(isWanted));
    start = page.last;
  } while (start !== undefined && found.length < want);
  return found;
}
