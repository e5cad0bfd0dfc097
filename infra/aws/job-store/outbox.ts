// Messages that wait to be delivered; a delivered one is removed. An index finds them, and each is read itself before it is told.
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import { upTo } from './candidates.ts';
import { PRESENT } from '../dynamo/conditions.ts';
import { keyOf, timeKey } from '../dynamo/key-parts.ts';
import { messageGroups, messageIndexKeys, messageKey } from './keys.ts';
import { entryOf, messageAge, outboxItem, packetOf } from './message-items.ts';
import type { StoreContext } from './store-context.ts';
import { writeSet } from './write-set.ts';

type Operations = Pick<JobStore, 'outbox' | 'delivered' | 'postpone'>;

export function outbox({ table, clock, random }: StoreContext): Operations {
  /** Up to so many items that are due, in order of their age. */
  async function dueItems(now: Date, limit: number): Promise<Item[]> {
    const keys: Item[] = [];
    for await (const item of upTo(table, messageGroups(), `${timeKey(now)}$`)) {
      if (keys.length === limit) break;
      keys.push(keyOf(item));
    }
    const items = await table.getAll(keys);
    return items.sort((one, other) => (messageAge(one) < messageAge(other) ? -1 : 1));
  }

  /** The packet's messages in its place; whoever is faster does it. */
  async function unpack(item: Item): Promise<Item[]> {
    const messages = (packetOf(item) ?? []).map(outboxItem);
    const set = writeSet(table.name, clock.now(), random);
    set.remove(messageKey(text(item, 'id')), PRESENT);
    for (const message of messages) set.put(message);
    return (await table.commit(set.all())) === undefined ? messages : [];
  }

  return {
    async outbox(now, limit) {
      const found: Item[] = [];
      for (const item of await dueItems(now, limit)) {
        if (packetOf(item) === undefined) found.push(item);
        else found.push(...(await unpack(item)));
      }
      return found.slice(0, limit).map(entryOf);
    },
    delivered: (ids) => table.deleteAll(ids.map(messageKey)),
    async postpone(id, at) {
      const item = await table.get(messageKey(id));
      if (item === undefined) return;
      const order = messageIndexKeys(id, at, messageAge(item))['workOrder'] ?? '';
      const Item = { ...item, workOrder: s(order), attempts: n(number(item, 'attempts') + 1) };
      // refused where it was delivered meanwhile
      await table.commit([{ Put: { TableName: table.name, Item, ...PRESENT } }]);
    },
  };
}
