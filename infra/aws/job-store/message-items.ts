// Messages of the outbox as items. Those of a job with many are written as packets, because one transaction has no room for each; whoever
// reads the outbox first unpacks them.
import type { OutboxEntry } from '../../../shared/jobs/job.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import { messageIndexKeys, messageKey } from './keys.ts';

/** A message as it is written first; its body is JSON text. */
export type Message = {
  id: string;
  jobId: string;
  type: string;
  body: string;
  createdAtMs: number;
  age: string;
};

const MAX_PACKET_BYTES = 256 * 1024;
const MAX_PACKET_MESSAGES = 80;

export function outboxItem(message: Message): Item {
  return { ...indexed(message), jobId: s(message.jobId), type: s(message.type), body: s(message.body), attempts: n(0) };
}

/** One or more items that hold all messages, in order. */
export function packetItems(messages: readonly Message[]): Item[] {
  const packets: Message[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(JSON.stringify(message));
    const last = packets.at(-1);
    const fits = last !== undefined && bytes + size <= MAX_PACKET_BYTES && last.length < MAX_PACKET_MESSAGES;
    bytes = fits ? bytes + size : size;
    if (fits) last.push(message);
    else packets.push([message]);
  }
  return packets.flatMap((packet) => {
    const [first] = packet;
    if (first === undefined) return [];
    return [{ ...indexed({ ...first, id: `packet-${first.id}` }), packet: s(JSON.stringify(packet)) }];
  });
}

/** The messages of a packet; undefined: it is a message itself. */
export function packetOf(item: Item): Message[] | undefined {
  const packet = item['packet']?.S;
  return packet === undefined ? undefined : JSON.parse(packet);
}

export function messageAge(item: Item): string {
  return text(item, 'messageAge');
}

export function entryOf(item: Item): OutboxEntry {
  return {
    id: text(item, 'id'),
    jobId: text(item, 'jobId'),
    type: text(item, 'type'),
    body: JSON.parse(text(item, 'body')),
    createdAt: new Date(number(item, 'createdAt')),
    attempts: number(item, 'attempts'),
  };
}

function indexed({ id, age, createdAtMs }: Message): Item {
  const item: Item = { ...messageKey(id), id: s(id), createdAt: n(createdAtMs) };
  for (const [name, value] of Object.entries(messageIndexKeys(id, new Date(createdAtMs), age))) item[name] = s(value);
  // not `age`: that one puts jobs into the index of their ages
  item['messageAge'] = s(age);
  return item;
}
