// The contract of the record of written tags.
import { describe, expect, it } from 'vitest';
import type { WrittenTag } from '../../../shared/mirror/tag-journal.ts';
import type { StoreSubject } from '../../support/jobs/store-subject.ts';
import { withStore } from '../jobs/suite/with-store.ts';

export function describeTagJournal(subject: StoreSubject): void {
  describe(`the ${subject.name} tag journal`, () => {
    const bed = withStore(subject);
    const tag = (given: Partial<WrittenTag> = {}): WrittenTag => ({
      registry: 'r.example',
      repository: 'mirror/app',
      tag: '1.0',
      digest: 'sha256:aa',
      rule: 'app',
      source: 'docker.io/team/app:1.0',
      writtenAt: bed.clock.now(),
      ...given,
    });

    it('keeps what was written, by repository, through a kill', async () => {
      const here = [tag(), tag({ tag: '2.0' })];
      await bed.journal.wrote([...here, tag({ repository: 'mirror/other' }), tag({ registry: 'other.example' })]);
      await bed.crash();
      expect(await bed.journal.written('r.example', 'mirror/app')).toEqual(here);
      expect(await bed.journal.written('r.example', 'nothing')).toEqual([]);
      expect(await bed.journal.find('r.example', 'mirror/app', '2.0')).toEqual(here[1]);
      expect(await bed.journal.find('r.example', 'mirror/other', '2.0')).toBeUndefined();
    });

    it('keeps the later of two records of a tag', async () => {
      await bed.journal.wrote([tag()]);
      await bed.clock.advance(1000);
      const later = tag({ digest: 'sha256:bb', rule: 'new', source: 'docker.io/team/new:1.0' });
      await bed.journal.wrote([tag({ rule: 'between' }), later]);
      expect(await bed.journal.written('r.example', 'mirror/app')).toEqual([later]);
      expect(await bed.journal.repositoriesOf('app')).toEqual([]);
    });

    it('knows the repositories of a rule, each once', async () => {
      await bed.journal.wrote([tag(), tag({ tag: '2.0' }), tag({ repository: 'a' }), tag({ rule: 'x', tag: '3.0' })]);
      expect(await bed.journal.repositoriesOf('app')).toEqual([
        { registry: 'r.example', repository: 'a' },
        { registry: 'r.example', repository: 'mirror/app' },
      ]);
      expect(await bed.journal.repositoriesOf('nobody')).toEqual([]);
    });

    it('forgets a tag, and only that', async () => {
      await bed.journal.wrote([tag(), tag({ tag: '2.0' }), tag({ registry: 'other.example' })]);
      await bed.journal.forget([tag(), tag({ tag: 'never-there' })]);
      expect((await bed.journal.written('r.example', 'mirror/app')).map(({ tag: name }) => name)).toEqual(['2.0']);
      expect(await bed.journal.written('other.example', 'mirror/app')).toHaveLength(1);
    });
  });
}
