// Lines that no item holds: written in parts before the commit that names them, and announced before that, so that the parts of an append
// that never came to its end can be found and removed. Nothing is removed by its age alone: whoever removes parts takes the announcement
// first, and the commit is one transaction with its end.
//
//   announced ─▶ parts ─▶ commit, and no longer announced (together)
//       └──────────┴────▶ given up by another, after a while ─▶ parts removed ─▶ no longer announced
//
import { n, s, text, type Item } from '../../dynamo/attributes.ts';
import { PRESENT } from '../../dynamo/conditions.ts';
import { keyOf, timeKey } from '../../dynamo/key-parts.ts';
import type { TableAccess, Write } from '../../dynamo/table-access.ts';
import type { Clock } from '../../../../shared/jobs/clock.ts';
import { BEGUN, begunKey, linesGroup } from '../keys.ts';
import { LINES_PART } from './commits.ts';
import { partItems } from './long-text.ts';

export type LargeAppend = {
  /** What the commit has instead of the lines. */
  content: Item;
  /** To be committed with it; refused: the append was given up, and its parts are gone. */
  ending: Write;
};

export type LargeAppends = {
  /** Writes lines in parts. @throws TransshipError store-unavailable */
  begin(id: string, lines: string): Promise<LargeAppend>;
  /** Removes the parts of an append that was given up. @throws TransshipError store-unavailable */
  remove(id: string): Promise<void>;
  /** Removes what was begun long ago and never came to its end. @throws TransshipError store-unavailable */
  removeOld(): Promise<void>;
};

/** No process that appends lives so long; one that does is refused, and appends again. */
const GIVE_UP_AFTER_MS = 3_600_000;

export function largeAppends(table: TableAccess, clock: Clock): LargeAppends {
  const TableName = table.name;

  async function remove(id: string): Promise<void> {
    const parts = await table.queryAll({
      KeyConditionExpression: 'pk = :group',
      ExpressionAttributeValues: { ':group': s(linesGroup(id)) },
      ProjectionExpression: 'pk, sk',
      ConsistentRead: true,
    });
    await table.deleteAll(parts.map(keyOf));
  }

  return {
    async begin(id, lines) {
      const parts = await partItems(linesGroup(id), LINES_PART, lines);
      const key = begunKey(clock.now(), id);
      await table.putAll([{ ...key, id: s(id) }]);
      await table.putAll(parts);
      return { content: { parts: n(parts.length) }, ending: { Delete: { TableName, Key: key, ...STILL_BEGUN } } };
    },
    remove,
    async removeOld() {
      const old = await table.queryAll({
        KeyConditionExpression: 'pk = :begun AND sk < :before',
        ExpressionAttributeValues: {
          ':begun': s(BEGUN),
          ':before': s(timeKey(new Date(clock.now().getTime() - GIVE_UP_AFTER_MS))),
        },
        ConsistentRead: true,
      });
      for (const item of old) {
        const givenUp = { ...item, givenUp: { BOOL: true } };
        // refused: it was committed a moment ago
        if ((await table.commit([{ Put: { TableName, Item: givenUp, ...PRESENT } }])) !== undefined) continue;
        await remove(text(item, 'id'));
        await table.deleteAll([keyOf(item)]);
      }
    },
  };
}

/** Nobody gave it up. */
const STILL_BEGUN = { ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(givenUp)' };
