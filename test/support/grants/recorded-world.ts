// What stands at the sites of grants, in memory, with a back end for each site that records what it is asked, and does what a test wants it to
// do instead. What is written is written entry by entry, so that it can be cut half-way. Whoever has an entry may pull.
import { TransshipError } from '../../../shared/errors.ts';
import type { AuditFinding } from '../../../shared/grants/audit-finding.ts';
import type { EntryChange, GrantBackend, Verification } from '../../../shared/grants/backend.ts';
import { canonicalText, type Json } from '../../../shared/grants/canonical.ts';
import type { ObservedEntry } from '../../../shared/grants/entry.ts';
import { siteKey, targetKey, type Site, type Target } from '../../../shared/grants/site.ts';

export type Standing = { content: Json; owner: ObservedEntry['owner']; grant?: string };

export type Call = {
  op: 'open' | 'survey' | 'marked' | 'observe' | 'write' | 'entry' | 'verify' | 'audit';
  site: string;
  target?: Target;
  key?: string;
};

export class RecordedWorld {
  readonly calls: Call[] = [];
  /** Before each call, and within a write before each entry: may wait, or throw. */
  before: (call: Call) => void | Promise<void> = () => undefined;
  /** By name. */
  readonly namespaces = new Map<string, { uid: string; labels: Record<string, string>; isTerminating: boolean }>();
  readonly findings: AuditFinding[] = [];
  /** In place of the entry's own: what whoever decides says. */
  answer: (target: Target, key: string, isThere: boolean) => Partial<Verification> = () => ({});
  readonly #places = new Map<string, { target: Target; entries: Map<string, Standing>; revision: number }>();
  #now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  readonly backendFor = async (site: Site): Promise<GrantBackend> => {
    await this.#call({ op: 'open', site: siteKey(site) });
    return this.#backend(site);
  };

  /** By target and key. */
  all(): Map<string, Standing> {
    const places = [...this.#places.entries()];
    return new Map(
      places.flatMap(([place, { entries }]) => [...entries].map(([key, one]) => [`${place} ${key}`, one] as const)),
    );
  }

  /** By key. */
  at(target: Target): ReadonlyMap<string, Standing> {
    return new Map(this.#placeOf(target).entries);
  }

  put(target: Target, key: string, standing: Standing | undefined): void {
    const place = this.#placeOf(target);
    if (standing === undefined) place.entries.delete(key);
    else place.entries.set(key, standing);
    place.revision += 1;
  }

  count(op: Call['op']): number {
    return this.calls.filter((call) => call.op === op).length;
  }

  #backend(site: Site): GrantBackend {
    const name = siteKey(site);
    return {
      kind: site.backend,
      survey: async () => {
        await this.#call({ op: 'survey', site: name });
        return { namespaces: structuredClone(this.namespaces), facts: {} };
      },
      marked: async () => {
        await this.#call({ op: 'marked', site: name });
        const own = [...this.#places.values()].filter(({ target }) => siteKey(target) === name);
        return own
          .filter(({ entries }) => [...entries.values()].some(({ owner }) => owner === 'ours'))
          .map(({ target }) => target);
      },
      observe: async (target) => {
        await this.#call({ op: 'observe', site: name, target });
        const { entries, revision } = this.#placeOf(target);
        const seen = [...entries].map(([key, one]) => ({ key, label: `entry ${key}`, ...structuredClone(one) }));
        const isThere = target.backend !== 'kubernetes' || this.namespaces.has(target.place);
        return {
          target,
          state: isThere ? 'there' : 'missing',
          revision: String(revision),
          entries: isThere ? seen : [],
        };
      },
      write: async (observed, changes) => {
        const { target } = observed;
        await this.#call({ op: 'write', site: name, target });
        for (const change of changes) this.#assertAsBefore(target, change);
        for (const change of changes) {
          await this.#call({ op: 'entry', site: name, target, key: keyOf(change) });
          this.#do(target, change);
        }
        return { outcomes: changes.map((change) => ({ key: keyOf(change), state: 'written' })), alarms: [] };
      },
      verify: async ({ target, key, content }) => {
        await this.#call({ op: 'verify', site: name, target, key });
        const standing = this.#placeOf(target).entries.get(key);
        const isThere = standing !== undefined && canonicalText(standing.content) === canonicalText(content);
        const answer = isThere ? 'allowed' : 'denied';
        return { method: 'probe', answer, at: this.#now(), ...this.answer(target, key, isThere) };
      },
      audit: (): AsyncIterable<AuditFinding> => this.#audit(name),
    };
  }

  async *#audit(site: string): AsyncIterable<AuditFinding> {
    await this.#call({ op: 'audit', site });
    yield* this.findings;
  }

  async #call(call: Call): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  #placeOf(target: Target) {
    const key = targetKey(target);
    const place = this.#places.get(key) ?? { target, entries: new Map<string, Standing>(), revision: 0 };
    this.#places.set(key, place);
    return place;
  }

  #assertAsBefore(target: Target, change: EntryChange): void {
    const standing = this.#placeOf(target).entries.get(keyOf(change));
    const wanted = 'before' in change ? change.before : undefined;
    const is = standing === undefined ? '' : canonicalText(standing.content);
    if (is === (wanted === undefined ? '' : canonicalText(wanted))) return;
    throw new TransshipError('object-conflict', `${keyOf(change)} is not as it was`);
  }

  #do(target: Target, change: EntryChange): void {
    if (change.op === 'delete') return this.put(target, change.key, undefined);
    const { key, content, grants } = change.wanted;
    const isMarked = target.backend === 'kubernetes';
    return this.put(
      target,
      key,
      isMarked ? { content, owner: 'ours', grant: grants[0] ?? '' } : { content, owner: 'unmarked' },
    );
  }
}

function keyOf(change: EntryChange): string {
  return change.op === 'delete' ? change.key : change.wanted.key;
}
