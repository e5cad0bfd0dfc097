// What a journal adds up to, line by line.
import { describe, expect, test } from 'vitest';
import { desiredGrants } from '../../../shared/grants/desired-grants.ts';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { EntryRecord, GrantRecord } from '../../../shared/grants/grants-state.ts';
import type { JournalEvent } from '../../../shared/grants/journal.ts';
import type { Target } from '../../../shared/grants/site.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';

const AT = new Date('2026-11-21T12:00:00Z');
const TARGET: Target = { backend: 'quay', host: 'r.io', place: 'app' };
const OF = { target: TARGET, key: 'ann', label: 'ann', grants: ['base'] };
const DECLARED: JournalEvent = { event: 'declared', grant: 'base', declaration: pullGrant(), declarationSha: 'one' };
const INTENDED: JournalEvent = { event: 'intended', op: 'create', after: 'new', uids: { ns: '1' }, ...OF };
const WRITTEN: JournalEvent = { event: 'written', op: 'create', after: 'new', ...OF };
const ALLOWED: JournalEvent = {
  event: 'verified',
  state: 'Applied',
  verification: { method: 'probe', answer: 'allowed', at: AT },
  ...OF,
};

const stateOf = (events: readonly JournalEvent[]) =>
  foldLines(
    emptyGrants(),
    events.map((event) => ({ at: AT, actor: 'test', ...event })),
  );
const grantOf = (events: readonly JournalEvent[]): GrantRecord | undefined => stateOf(events).grants.get('base');
const entryOf = (events: readonly JournalEvent[]): EntryRecord | undefined => [...stateOf(events).entries.values()][0];

describe('a grant in the journal', () => {
  const revoked: JournalEvent = { event: 'revoked', grant: 'base', declarationSha: 'one', reason: 'left' };

  test('stays revoked while it is declared as it was, also after it was withdrawn for a while', () => {
    expect(grantOf([DECLARED, revoked, { event: 'withdrawn', grant: 'base' }, DECLARED])).toMatchObject({
      isWithdrawn: false,
      revoked: { declarationSha: 'one', by: 'test', reason: 'left' },
    });
    expect(grantOf([DECLARED, revoked, { ...DECLARED, declarationSha: 'two' }])).not.toHaveProperty('revoked');
    expect(grantOf([DECLARED, revoked, { event: 'resumed', grant: 'base' }])).not.toHaveProperty('revoked');
  });

  test('keeps what was confirmed, the last for each name', () => {
    const confirmed = (uids: Record<string, string>): JournalEvent => ({ event: 'confirmed', grant: 'base', uids });
    const events = [DECLARED, confirmed({ a: '1', b: '1' }), confirmed({ a: '2' }), DECLARED];
    expect(grantOf(events)?.uids).toEqual({ a: '2', b: '1' });
  });

  test('that was never declared is nothing', () => {
    expect(stateOf([revoked, { event: 'withdrawn', grant: 'base' }]).grants.size).toBe(0);
  });

  test('by the API is desired until it is withdrawn, and gives way to one of the configuration', () => {
    const stored = pullGrant({ origin: 'store', reason: 'by the API' });
    const line: JournalEvent = { ...DECLARED, declaration: stored };
    expect(desiredGrants([], stateOf([line]))).toEqual([stored]);
    expect(desiredGrants([pullGrant()], stateOf([line]))).toEqual([pullGrant()]);
    expect(desiredGrants([], stateOf([line, { event: 'withdrawn', grant: 'base' }]))).toEqual([]);
    expect(desiredGrants([], stateOf([DECLARED]))).toEqual([]);
  });
});

describe('an entry in the journal', () => {
  test('is what was written once that is known, and applied once that is proven', () => {
    expect(entryOf([INTENDED])).toMatchObject({ state: 'Applying', intended: { op: 'create', after: 'new' } });
    expect(entryOf([INTENDED])).not.toHaveProperty('content');
    const written = entryOf([INTENDED, WRITTEN]);
    expect(written).toMatchObject({ state: 'Applying', content: 'new', uids: { ns: '1' } });
    expect(written).not.toHaveProperty('intended');
    expect(entryOf([INTENDED, WRITTEN, ALLOWED])).toMatchObject({
      state: 'Applied',
      verification: { answer: 'allowed' },
    });
  });

  test('that was refused is what it was before, unless it may have been written all the same', () => {
    const intended: JournalEvent = { ...INTENDED, op: 'update', before: 'new', after: 'newer' };
    const settled: JournalEvent = { event: 'settled', state: 'Blocked', message: 'no', ...OF };
    const refused = entryOf([INTENDED, WRITTEN, intended, settled]);
    expect(refused).toMatchObject({ state: 'Blocked', content: 'new', problem: { message: 'no' } });
    expect(refused).not.toHaveProperty('intended');
    expect(entryOf([INTENDED, WRITTEN, intended, { ...settled, mayBeWritten: true }])).toMatchObject({
      content: 'new',
      intended: { after: 'newer' },
    });
  });

  test('that was removed is remembered until it is proven that nobody pulls by it', () => {
    const removal: JournalEvent[] = [
      { event: 'intended', op: 'delete', before: 'new', ...OF },
      { event: 'written', op: 'delete', ...OF },
    ];
    const removed = entryOf([INTENDED, WRITTEN, ...removal]);
    expect(removed).toMatchObject({ state: 'Applying', removed: 'new', uids: { ns: '1' } });
    expect(removed).not.toHaveProperty('content');
    const still: JournalEvent = { event: 'settled', state: 'Blocked', message: 'still allowed', ...OF };
    expect(entryOf([INTENDED, WRITTEN, ...removal, still])).toHaveProperty('removed');
    const denied: JournalEvent = {
      event: 'verified',
      state: 'Revoked',
      verification: { method: 'probe', answer: 'denied', at: AT },
      ...OF,
    };
    expect(entryOf([INTENDED, WRITTEN, ...removal, denied])).not.toHaveProperty('removed');
    expect(entryOf([INTENDED, WRITTEN, denied])).not.toHaveProperty('content');
  });
});

test('adding a line leaves the state that it was added to alone', () => {
  const before = stateOf([DECLARED]);
  foldLines(before, [{ at: AT, actor: 'test', event: 'withdrawn', grant: 'base' }]);
  expect(before.grants.get('base')?.isWithdrawn).toBe(false);
  const alarm = foldLines(before, [{ at: AT, actor: 'test', event: 'alarm', message: 'lost', target: TARGET }]);
  expect(alarm).toEqual(before);
});
