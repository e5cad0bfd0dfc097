// The contract of the store of grants: the journal and what it adds up to.
import { describe, expect, it } from 'vitest';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { JournalEvent, JournalLine } from '../../../shared/grants/journal.ts';
import { entryKey } from '../../../shared/grants/plan-hash.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { Target } from '../../../shared/grants/site.ts';
import type { StoreSubject } from '../../support/jobs/store-subject.ts';
import { withStore } from '../jobs/suite/with-store.ts';

const TARGET: Target = { backend: 'kubernetes', host: 'prod', place: 'shared-ns' };
const OTHER: Target = { ...TARGET, place: 'other-ns' };
const GRANT: PullGrant = {
  id: 'base',
  grantees: [{ kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'default' }],
  what: [{ registry: 'registry.svc', what: { kind: 'namespace', name: 'shared-ns' }, actions: ['pull'] }],
  notBefore: new Date('2026-11-01T00:00:00Z'),
  expiresAt: new Date('2027-01-31T23:59:59Z'),
  reason: 'JIRA-123',
  mode: 'enforce',
  onExpiry: 'revoke',
  pin: 'name',
  adopt: false,
  origin: 'store',
};
const ENTRY = { target: TARGET, key: 'base', label: 'RoleBinding pull-grant-base', grants: ['base'] };
const CONTENT = { subjects: ['my-ns/default'], role: 'system:image-puller' };

export function describeGrantStore(subject: StoreSubject): void {
  describe(`the ${subject.name} grant store`, () => {
    const bed = withStore(subject);
    const line = (event: JournalEvent): JournalLine => ({ at: bed.clock.now(), actor: 'test', ...event });
    const declared = (grant = GRANT) =>
      line({ event: 'declared', grant: grant.id, declaration: grant, declarationSha: 'sha' });
    const applied = (entry = ENTRY) => [
      line({ event: 'intended', op: 'create', after: CONTENT, uids: { 'my-ns': 'u1' }, ...entry }),
      line({ event: 'written', op: 'create', after: CONTENT, requestId: 'r1', ...entry }),
      line({
        event: 'verified',
        verification: { method: 'access-review', answer: 'allowed', at: bed.clock.now(), note: 'by it' },
        state: 'Applied',
        ...entry,
      }),
    ];
    const allLines = async () => (await bed.grants.lines({ limit: 1000 })).map((stored) => stored.line);

    it('knows nothing at first', async () => {
      expect(await bed.grants.state()).toEqual(emptyGrants());
      expect(await bed.grants.lines({ limit: 9 })).toEqual([]);
      expect(await bed.grants.last()).toBe(0);
    });

    it('keeps every line as it was, in order, through a kill', async () => {
      const lines = [
        declared(),
        ...applied(),
        line({ event: 'revoked', grant: 'base', declarationSha: 'sha', reason: 'left' }),
        line({ event: 'settled', state: 'Blocked', message: 'no', hint: 'ask', ...ENTRY, target: OTHER }),
        line({ event: 'alarm', message: 'a statement got lost', target: TARGET }),
      ];
      await bed.grants.append(lines);
      await bed.crash();
      expect(await allLines()).toEqual(lines);
    });

    it('knows what its lines add up to, however they came, through a kill', async () => {
      await bed.grants.append([declared()]);
      await bed.clock.advance(1000);
      for (const one of applied()) await bed.grants.append([one]);
      await bed.grants.append(applied({ ...ENTRY, target: OTHER, grants: ['base', 'more'] }));
      await bed.clock.advance(1000);
      await bed.grants.append([
        declared({ ...GRANT, id: 'more' }),
        line({ event: 'revoked', grant: 'base', declarationSha: 'sha' }),
        line({ event: 'intended', op: 'delete', before: CONTENT, ...ENTRY }),
        line({ event: 'withdrawn', grant: 'more' }),
        line({ event: 'confirmed', grant: 'base', uids: { 'kubernetes:prod/my-ns': 'u2' } }),
      ]);
      const before = await bed.grants.state();
      await bed.crash();
      expect(await bed.grants.state()).toEqual(before);
      expect(before).toEqual(foldLines(emptyGrants(), await allLines()));
      expect(before.grants.get('base')?.declaration).toEqual(GRANT);
      expect(before.entries.get(entryKey(TARGET, 'base'))?.intended).toMatchObject({ op: 'delete' });
      expect(before.entries.get(entryKey(OTHER, 'base'))).toMatchObject({ state: 'Applied', grants: ['base', 'more'] });
    });

    it('takes all lines or none', async () => {
      const broken = { ...declared(), at: new Date(Number.NaN) };
      await expect(bed.grants.append([declared(), broken])).rejects.toMatchObject({ code: 'internal' });
      expect(await bed.grants.lines({ limit: 9 })).toEqual([]);
      expect(await bed.grants.state()).toEqual(emptyGrants());
    });

    it('gives lines in pages, and of one grant', async () => {
      const many = Array.from({ length: 5 }, (_, number) => declared({ ...GRANT, id: number % 2 ? 'odd' : 'even' }));
      await bed.grants.append(many);
      await bed.grants.append(applied({ ...ENTRY, grants: ['even', 'odd'] }));
      const first = await bed.grants.lines({ limit: 3 });
      expect(first.map(({ line: { event } }) => event)).toEqual(['declared', 'declared', 'declared']);
      const second = await bed.grants.lines({ after: first.at(-1)!.seq, limit: 9 });
      expect(second).toHaveLength(5);
      expect(second[0]!.seq).toBeGreaterThan(first.at(-1)!.seq);
      expect(await bed.grants.last()).toBe(second.at(-1)!.seq);
      expect(await bed.grants.lines({ grant: 'odd', limit: 9 })).toHaveLength(2 + 3);
      expect(await bed.grants.lines({ grant: 'odd', after: first.at(-1)!.seq, limit: 9 })).toHaveLength(1 + 3);
      expect(await bed.grants.lines({ grant: 'nobody', limit: 9 })).toEqual([]);
    });

    it('gives a target to one holder, who may have it again', async () => {
      expect(await bed.grants.hold('t', 'one', 1000)).toBe(true);
      expect(await bed.grants.hold('t', 'two', 1000)).toBe(false);
      expect(await bed.grants.hold('t', 'one', 1000)).toBe(true);
      expect(await bed.grants.hold('other', 'two', 1000)).toBe(true);
      await bed.grants.release('t', 'two');
      expect(await bed.grants.hold('t', 'two', 1000)).toBe(false);
      await bed.grants.release('t', 'one');
      expect(await bed.grants.hold('t', 'two', 1000)).toBe(true);
    });

    it('frees a target whose holder says no more', async () => {
      await bed.grants.hold('t', 'one', 1000);
      await bed.clock.advance(999);
      expect(await bed.grants.hold('t', 'two', 1000)).toBe(false);
      await bed.clock.advance(1);
      expect(await bed.grants.hold('t', 'two', 1000)).toBe(true);
    });

    // others let holds end by themselves
    it.runIf(subject.freesLeasesAtStart)('frees the targets of a killed process', async () => {
      await bed.grants.hold('t', 'one', 1000);
      await bed.crash();
      expect(await bed.grants.hold('t', 'two', 1000)).toBe(true);
    });
  });
}
