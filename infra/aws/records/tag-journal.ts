// The journal of the tags that we wrote on DynamoDB: an item for each tag of a target. The repositories of a rule are found by an index,
// which lags by a moment; whoever acts on one reads its tags.
import type { TagJournal, WrittenTag } from '../../../shared/mirror/tag-journal.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import { repositoryGroup, ruleGroup, tagKey } from './keys.ts';
import { recordTable, type RecordTableOptions } from './record-table.ts';
import { LIST_INDEX } from './table.ts';

/** Read over, of a repository with many tags. */
const PAGE = 100;

export function awsTagJournal(options: RecordTableOptions): TagJournal {
  const table = recordTable(options);
  return {
    wrote: (tags) => table.putAll(tags.map(tagItem)),
    async find(registry, repository, tag) {
      const item = await table.get(tagKey(registry, repository, tag));
      return item === undefined ? undefined : tagOf(item);
    },
    async written(registry, repository) {
      const items = await table.queryAll({
        KeyConditionExpression: 'pk = :repository',
        ExpressionAttributeValues: { ':repository': s(repositoryGroup(registry, repository)) },
        ConsistentRead: true,
      });
      return items.map(tagOf);
    },
    async repositoriesOf(rule) {
      const places = new Set<string>();
      let place = '0';
      for (let isMore = true; isMore;) {
        const { items, last } = await table.query({
          IndexName: LIST_INDEX,
          KeyConditionExpression: 'listGroup = :rule AND listOrder > :place',
          ExpressionAttributeValues: { ':rule': s(ruleGroup(rule)), ':place': s(place) },
          Limit: PAGE,
        });
        for (const item of items) places.add((place = text(item, 'listOrder')));
        isMore = last !== undefined;
      }
      return [...places].map(repositoryOf);
    },
    forget: (tags) => table.deleteAll(tags.map(({ registry, repository, tag }) => tagKey(registry, repository, tag))),
  };
}

function tagItem({ writtenAt, ...tag }: WrittenTag): Item {
  const { registry, repository, rule } = tag;
  const item: Item = {
    ...tagKey(registry, repository, tag.tag),
    listGroup: s(ruleGroup(rule)),
    listOrder: s(JSON.stringify([registry, repository])),
    writtenAt: n(writtenAt.getTime()),
  };
  for (const [name, value] of Object.entries(tag)) item[name] = s(value);
  return item;
}

function tagOf(item: Item): WrittenTag {
  return {
    registry: text(item, 'registry'),
    repository: text(item, 'repository'),
    tag: text(item, 'tag'),
    digest: text(item, 'digest'),
    rule: text(item, 'rule'),
    source: text(item, 'source'),
    writtenAt: new Date(number(item, 'writtenAt')),
  };
}

function repositoryOf(place: string): { registry: string; repository: string } {
  const [registry = '', repository = '']: string[] = JSON.parse(place);
  return { registry, repository };
}
