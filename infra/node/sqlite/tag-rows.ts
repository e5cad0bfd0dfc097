// The journal of the tags that we wrote, as rows: one for each tag of a target.
import type { TagJournal, WrittenTag } from '../../../shared/mirror/tag-journal.ts';
import { text, time, type Row } from './job-rows.ts';
import type { StoreContext } from './store-context.ts';

export function tagRows({ database, write, read }: StoreContext): TagJournal {
  const save = database.prepare(`
    INSERT OR REPLACE INTO written_tag (registry, repository, tag, digest, rule, source, written_at)
    VALUES (:registry, :repository, :tag, :digest, :rule, :source, :written_at)`);
  const ofRepository = database.prepare('SELECT * FROM written_tag WHERE registry = ? AND repository = ? ORDER BY tag');
  const ofTag = database.prepare('SELECT * FROM written_tag WHERE registry = ? AND repository = ? AND tag = ?');
  const ofRule = database.prepare(
    'SELECT DISTINCT registry, repository FROM written_tag WHERE rule = ? ORDER BY registry, repository',
  );
  const remove = database.prepare('DELETE FROM written_tag WHERE registry = ? AND repository = ? AND tag = ?');

  return {
    // not refused on a full disk: what is running may end, and this is its end
    wrote: (tags) =>
      write(() => {
        for (const { writtenAt, ...tag } of tags) save.run({ ...tag, written_at: writtenAt.getTime() });
      }),
    find: (registry, repository, tag) =>
      read(() => {
        const row = ofTag.get(registry, repository, tag);
        return row === undefined ? undefined : tagOf(row);
      }),
    written: (registry, repository) => read(() => ofRepository.all(registry, repository).map(tagOf)),
    repositoriesOf: (rule) =>
      read(() =>
        ofRule.all(rule).map((row) => ({ registry: text(row, 'registry'), repository: text(row, 'repository') })),
      ),
    forget: (tags) =>
      write(() => {
        for (const { registry, repository, tag } of tags) remove.run(registry, repository, tag);
      }),
  };
}

function tagOf(row: Row): WrittenTag {
  return {
    registry: text(row, 'registry'),
    repository: text(row, 'repository'),
    tag: text(row, 'tag'),
    digest: text(row, 'digest'),
    rule: text(row, 'rule'),
    source: text(row, 'source'),
    writtenAt: time(row, 'written_at'),
  };
}
