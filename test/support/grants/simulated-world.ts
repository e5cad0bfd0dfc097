// A world of grants in memory, for tests of planning: registries with a mark on every entry (`marked.io`, one entry a grant), without any
// (`unmarked.io`, one entry a user, shared by grants), and two clusters. It is no back end: it says what is wanted, shows what stands there,
// and does what a plan says as the engine journals it.
import type { WantedEntries, WantedRequest } from '../../../shared/grants/backend.ts';
import type { Json } from '../../../shared/grants/canonical.ts';
import type { ObservedEntry, ObservedTarget, UnreadTarget, WantedEntry } from '../../../shared/grants/entry.ts';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantChange } from '../../../shared/grants/grant-change.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { GrantsState } from '../../../shared/grants/grants-state.ts';
import type { JournalEvent } from '../../../shared/grants/journal.ts';
import type { ObservedGrants, ObservedSite } from '../../../shared/grants/observed-grants.ts';
import { planGrants } from '../../../shared/grants/plan.ts';
import { declarationSha, entryKey } from '../../../shared/grants/plan-hash.ts';
import { type Site, type Target, targetKey } from '../../../shared/grants/site.ts';
import { type PullProfile } from '../../../shared/grants/pull-profile.ts';

const PROFILE: PullProfile = {
  name: 'acp',
  group: 'registry.alauda.io',
  resource: 'images',
  verb: 'get',
  joinedForm: false,
  nameFrom: 'none',
  clusterRole: 'system:image-puller',
  expectServed: false,
};
const NO_PROFILES: ReadonlyMap<string, PullProfile> = new Map();

const MARKED: Site = { backend: 'ecr', host: 'marked.io', profiles: NO_PROFILES };
const UNMARKED: Site = { backend: 'quay', host: 'unmarked.io', profiles: NO_PROFILES };
const BARE: Site = { backend: 'none', host: 'bare.io', profiles: NO_PROFILES };
const PROD: Site = { backend: 'kubernetes', host: 'prod', profiles: new Map([['inside.svc', PROFILE]]) };
const STAGE: Site = { backend: 'kubernetes', host: 'stage', profiles: new Map([['inside.svc', PROFILE]]) };

const SITES = [MARKED, UNMARKED, BARE, PROD, STAGE];

/** Of somebody else: `foreign` by its mark, `unmarked` where there is no room for one. */
export type Foreign = { target: Target; key: string; content: Json };

type Standing = { content: Json; mark: 'foreign' | 'unmarked' | { grant: string } };

export type WorldOptions = {
  foreign?: readonly Foreign[];
  /** Of the namespaces of both clusters. */
  uids?: Readonly<Record<string, string>>;
  wanted?: WantedEntries;
};

export class SimulatedWorld {
  now = new Date('2026-11-21T12:00:00Z');
  state: GrantsState = emptyGrants();
  readonly lines: JournalEvent[] = [];
  /** By `targetKey`: not there, being removed, or not to be read. */
  readonly targets = new Map<string, 'missing' | 'ending' | UnreadTarget['error']>();
  /** By host: sites that cannot be surveyed. */
  readonly down = new Map<string, UnreadTarget['error']>();
  uids: Readonly<Record<string, string>>;
  readonly #wanted: WantedEntries;
  readonly #places = new Map<string, { target: Target; entries: Map<string, Standing> }>();
  #revision = 0;

  constructor({ foreign = [], uids = {}, wanted = simulatedWanted }: WorldOptions) {
    this.#wanted = wanted;
    this.uids = uids;
    for (const { target, key, content } of foreign) {
      this.#entriesAt(target).set(key, { content, mark: target.backend === 'quay' ? 'unmarked' : 'foreign' });
    }
  }

  observed(): ObservedGrants {
    return {
      instance: 'test',
      state: this.state,
      sites: SITES.map((site): ObservedSite => {
        const error = this.down.get(site.host);
        if (error !== undefined) return { site, error };
        const namespaces = Object.entries(this.uids).map(
          ([name, uid]) => [name, { uid, labels: {}, isTerminating: false }] as const,
        );
        const survey = { namespaces: new Map(namespaces) };
        return site.backend === 'none' ? { site, survey } : { site, survey, wanted: this.#wanted };
      }),
      targets: [...this.#places.values()].map(({ target, entries }) => this.#seen(target, entries)),
    };
  }

  /** A world in which every target that matters was read, as the engine reads them. */
  plan(desired: readonly PullGrant[]): GrantChange[] {
    for (const change of planGrants(desired, this.observed(), this.now)) this.#entriesAt(change.target);
    return planGrants(desired, this.observed(), this.now);
  }

  apply(changes: readonly GrantChange[]): void {
    for (const change of changes) {
      if (change.op === 'noop' || change.op === 'drift' || change.op === 'conflict' || change.op === 'none') continue;
      const { target, key, label, grants, op } = change;
      const entries = this.#entriesAt(target);
      const of = { target, key, label, grants };
      const after = change.op === 'delete' ? undefined : change.wanted.content;
      const uids = change.op === 'delete' ? undefined : change.wanted.uids;
      const written = after === undefined ? {} : { after };
      this.journal({ event: 'intended', op, ...of, ...written, ...(uids !== undefined && { uids }) });
      if (after === undefined) entries.delete(key);
      else
        entries.set(key, { content: after, mark: target.backend === 'quay' ? 'unmarked' : { grant: grants[0] ?? '' } });
      this.#revision += 1;
      this.journal({ event: 'written', op, ...of, ...written });
      const state =
        after === undefined ? (change.op === 'delete' && change.why === 'expired' ? 'Expired' : 'Revoked') : 'Applied';
      const answer = after === undefined ? 'denied' : 'allowed';
      this.journal({ event: 'verified', ...of, state, verification: { method: 'probe', answer, at: this.now } });
    }
  }

  /** Plans and applies; gives the plan. */
  reconcile(desired: readonly PullGrant[]): GrantChange[] {
    const changes = this.plan(desired);
    this.apply(changes);
    return changes;
  }

  journal(event: JournalEvent): void {
    this.lines.push(event);
    this.state = foldLines(this.state, [{ at: this.now, actor: 'test', ...event }]);
  }

  declare(grant: PullGrant): void {
    this.journal({ event: 'declared', grant: grant.id, declaration: grant, declarationSha: declarationSha(grant) });
  }

  revoke(grant: PullGrant): void {
    this.journal({ event: 'revoked', grant: grant.id, declarationSha: declarationSha(grant) });
  }

  /** What stands there, whoever made it: by `entryKey`. */
  standing(): Map<string, Json> {
    return new Map(
      [...this.#places.values()].flatMap(({ target, entries }) =>
        [...entries].map(([key, { content }]) => [entryKey(target, key), content] as const),
      ),
    );
  }

  /** By somebody else, as they can. */
  tamper(target: Target, key: string, content: Json | undefined): void {
    const entries = this.#entriesAt(target);
    const mark = entries.get(key)?.mark ?? (target.backend === 'quay' ? 'unmarked' : 'foreign');
    if (content === undefined) entries.delete(key);
    else entries.set(key, { content, mark });
    this.#revision += 1;
  }

  #entriesAt(target: Target): Map<string, Standing> {
    const key = targetKey(target);
    const place = this.#places.get(key) ?? { target, entries: new Map<string, Standing>() };
    this.#places.set(key, place);
    return place.entries;
  }

  #seen(target: Target, entries: ReadonlyMap<string, Standing>): ObservedTarget | UnreadTarget {
    const trouble = this.targets.get(targetKey(target));
    if (trouble !== undefined && typeof trouble !== 'string') return { target, error: trouble };
    const all = [...entries].map(([key, { content, mark }]): ObservedEntry => ({
      key,
      content,
      label: `entry ${key}`,
      ...(typeof mark === 'string' ? { owner: mark } : { owner: 'ours', grant: mark.grant }),
    }));
    const state = trouble ?? 'there';
    return { target, state, revision: `${this.#revision}`, entries: state === 'missing' ? [] : all };
  }
}

/** One entry a grant and place where there is a mark, one a user and place where there is none. */
export function simulatedWanted(request: WantedRequest): ReturnType<WantedEntries> {
  const { site, parts } = request;
  const entries = parts.flatMap((part): WantedEntry[] => {
    const place = part.what.kind === 'namespace' ? part.what.name : part.what.pattern;
    const target: Target = { backend: site.backend, host: site.host, place };
    return site.backend === 'quay' ? sharedEntries(request, target) : [ownEntry(request, target)];
  });
  return { entries, shortfalls: [] };
}

function sharedEntries({ grant, grantees }: WantedRequest, target: Target): WantedEntry[] {
  return grantees.map((grantee) => {
    const user = 'name' in grantee ? grantee.name : grantee.kind;
    return { target, key: user, content: { role: 'read', user }, grants: [grant.id] };
  });
}

function ownEntry({ grant, grantees, survey }: WantedRequest, target: Target): WantedEntry {
  const names = grantees
    .map((grantee) => ('namespace' in grantee ? grantee.namespace : JSON.stringify(grantee)))
    .toSorted();
  const uids = names.flatMap((name) => {
    const uid = survey.namespaces?.get(name)?.uid;
    return uid === undefined ? [] : [[name, uid] as const];
  });
  const end = grant.expiresAt;
  const isNative = target.backend === 'ecr' && end !== undefined;
  return {
    target,
    key: `pull-grant-${grant.id}`,
    content: { subjects: names, ...(isNative && { condition: { before: end.toISOString() } }) },
    grants: [grant.id],
    ...(isNative && { endsAt: end }),
    ...(grant.pin === 'uid' && { uids: Object.fromEntries(uids) }),
  };
}
