// What of the configuration was taken over last, kept for all processes: whoever finds it changed acts on that once.
import { n, number, s, text } from '../dynamo/attributes.ts';
import { ABSENT, unchanged } from '../dynamo/conditions.ts';
import { itemKey, part } from '../dynamo/key-parts.ts';
import type { TableAccess } from '../dynamo/table-access.ts';

export type Mark = {
  value: string;
  /** The value that this one followed; undefined for the first. */
  before: string | undefined;
  since: Date;
  /** Counts the changes. */
  generation: number;
};

export type Marks = {
  /** @throws TransshipError store-unavailable */
  get(name: string): Promise<Mark | undefined>;
  /**
   * Sets the mark if nobody did since it was seen. False: somebody did.
   * @throws TransshipError store-unavailable
   */
  set(name: string, mark: Mark, seen: Mark | undefined): Promise<boolean>;
};

/** In the table of records. */
export function recordMarks(table: TableAccess): Marks {
  return {
    async get(name) {
      const item = await table.get(markKey(name));
      if (item === undefined) return undefined;
      return {
        value: text(item, 'value'),
        before: item['before']?.S,
        since: new Date(number(item, 'since')),
        generation: number(item, 'rev'),
      };
    },
    async set(name, { value, before, since, generation }, seen) {
      const Item = {
        ...markKey(name),
        value: s(value),
        since: n(since.getTime()),
        rev: n(generation),
        ...(before === undefined ? {} : { before: s(before) }),
      };
      const asSeen = seen === undefined ? ABSENT : unchanged(seen.generation);
      const Put = { TableName: table.name, Item, ...asSeen };
      const refused = await table.commit([{ Put }]);
      // the answer to the first try may have been lost
      return (
        refused === undefined ||
        [...refused.values()].some((there) => there?.['value']?.S === value && number(there, 'rev') === generation)
      );
    },
  };
}

function markKey(name: string) {
  return itemKey(`M#${part(name)}`);
}
