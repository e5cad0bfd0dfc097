// A store of grants that forgets everything with its process, for tests of what works with one.
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantStore, StoredLine } from '../../../shared/grants/grant-store.ts';
import type { JournalLine } from '../../../shared/grants/journal.ts';

export type MemoryGrantStore = GrantStore & { all(): JournalLine[] };

export function memoryGrantStore(now: () => Date): MemoryGrantStore {
  const stored: StoredLine[] = [];
  const holds = new Map<string, { holder: string; until: number }>();
  return {
    all: () => stored.map(({ line }) => line),
    append(lines) {
      for (const line of lines) stored.push({ seq: stored.length + 1, line: structuredClone(line) });
      return Promise.resolve();
    },
    state: () =>
      Promise.resolve(
        foldLines(
          emptyGrants(),
          stored.map(({ line }) => line),
        ),
      ),
    lines({ after = 0, grant, limit }) {
      const of = stored.filter(({ seq, line }) => seq > after && (grant === undefined || concerns(line, grant)));
      return Promise.resolve(of.slice(0, limit));
    },
    last: () => Promise.resolve(stored.length),
    hold(target, holder, leaseMs) {
      const held = holds.get(target);
      if (held !== undefined && held.holder !== holder && held.until > now().getTime()) return Promise.resolve(false);
      holds.set(target, { holder, until: now().getTime() + leaseMs });
      return Promise.resolve(true);
    },
    release(target, holder) {
      if (holds.get(target)?.holder === holder) holds.delete(target);
      return Promise.resolve();
    },
  };
}

function concerns(line: JournalLine, grant: string): boolean {
  if ('grant' in line) return line.grant === grant;
  return 'grants' in line && line.grants.includes(grant);
}
