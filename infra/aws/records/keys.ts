// What the keys of the table of records and of its indexes are made of.
//
//   P#<push> -             a push                           J <commit>          lines of the journal of grants
//   G#<repository> <tag>   a tag that we wrote              JP#<lines> <part>   those of a large append, in parts
//   A#<hash> -             an API token, by its text        JI#<grant> <to>     where in the journal a grant stands
//   A <token>              an API token, by its id          JS at               the summary of the journal, in parts:
//   H#<target> -           who holds a target of grants     JS <to>#<id>#<part>
//   M#<name> -             a mark (marks.ts)                JQ <time>#<lines>   a large append that was begun
import type { PushEvent } from '../../../shared/events/push-event.ts';
import { s, type Item } from '../dynamo/attributes.ts';
import { itemKey, part, timeKey } from '../dynamo/key-parts.ts';

/** May grow and never shrink: what was written stays where it is. */
const SHARDS = 2;

export const TOKENS = 'A';
export const JOURNAL = 'J';
export const SUMMARY = 'JS';
export const BEGUN = 'JQ';

export const pushKey = (id: string): Item => itemKey(`P#${part(id)}`);
export const tagKey = (registry: string, repository: string, tag: string): Item =>
  itemKey(repositoryGroup(registry, repository), part(tag));
export const tokenKey = (hash: string): Item => itemKey(`A#${hash}`);
export const tokenIdKey = (id: string): Item => itemKey(TOKENS, part(id));
export const holdKey = (target: string): Item => itemKey(`H#${part(target)}`);
export const commitKey = (number: number): Item => itemKey(JOURNAL, numberKey(number));
export const begunKey = (at: Date, lines: string): Item => itemKey(BEGUN, `${timeKey(at)}#${lines}`);
export const summaryKey = (): Item => itemKey(SUMMARY, 'at');

export function repositoryGroup(registry: string, repository: string): string {
  return `G#${part(JSON.stringify([registry, repository]))}`;
}

export const linesGroup = (id: string): string => `JP#${id}`;
export const grantGroup = (grant: string): string => `JI#${part(grant)}`;
export const ruleGroup = (rule: string): string => `RULE#${part(rule)}`;

export function numberKey(number: number): string {
  return String(number).padStart(12, '0');
}

/** The groups in which pushes stand, of one receiver where it is named; those that matter apart from the others. */
export function pushGroups(relevant: boolean | undefined, receiverId?: string): string[] {
  const kinds = relevant === undefined ? [true, false] : [relevant];
  return kinds.flatMap((kind) => Array.from({ length: SHARDS }, (_, shard) => pushGroup(kind, shard, receiverId)));
}

/** Where the indexes find a push. */
export function pushIndexKeys({ receiverId, relevant }: PushEvent, age: string): Item {
  // the end of an age is random from process to process; within one its counting goes through the shards
  const shard = Buffer.from(age).reduce((sum, byte) => sum + byte, 0) % SHARDS;
  return {
    listGroup: s(pushGroup(relevant, shard)),
    receiverGroup: s(pushGroup(relevant, shard, receiverId)),
    listOrder: s(age),
  };
}

function pushGroup(relevant: boolean, shard: number, receiverId?: string): string {
  const group = receiverId === undefined ? 'PUSH' : `PUSH${part(receiverId)}`;
  return `${group}#${relevant ? 1 : 0}#${shard}`;
}
