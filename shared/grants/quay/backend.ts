// The back end for Quay: permissions of repositories, and those that new repositories of an organization begin with. They have no room
// for a mark: what is ours is known by the journal.
import { isTransshipError, TransshipError } from '../../errors.ts';
import { sleep } from '../../oci/http/retry.ts';
import type { ApiPlace } from '../../registries/vendor-api.ts';
import type { EntryChange, EntryOutcome, GrantBackend, Verification } from '../backend.ts';
import { canonicalText, hash16, type Json } from '../canonical.ts';
import type { ObservedTarget } from '../entry.ts';
import type { PullPart } from '../grant.ts';
import { isExactPattern } from '../repository-pattern.ts';
import type { Site, Target } from '../site.ts';
import type { VendorLogin } from '../vendor-login.ts';
import { auditRepository } from './audit-repository.ts';
import { contentOf, keyOf, labelOf, organizationOfNew, permissionIn, type Permission } from './entry-content.ts';
import { openQuay } from './quay-api.ts';

export type QuayBackendOptions = {
  site: Site;
  instance: string;
  place: ApiPlace;
  login: VendorLogin;
  /** Patterns that say whose repositories an audit looks at: those of all grants at this host. */
  patterns: readonly string[];
  now?: () => number;
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

type Standing = Permission & { id?: string };

const VERIFY_TRIES = 3;
const VERIFY_PAUSE_MS = 500;

export function quayBackend(options: QuayBackendOptions): GrantBackend {
  const { site, place, login, patterns, now = Date.now, pause = sleep } = options;
  const api = openQuay(place, login);

  return {
    kind: 'quay',

    async survey(parts, { signal } = {}) {
      const lists = await Promise.all(
        organizationsOf(patternsIn(parts)).map((organization) => api.repositories(organization, signal)),
      );
      return { repositories: lists.flatMap((list) => list.map(({ name }) => name)).toSorted() };
    },

    async observe(target, { signal } = {}): Promise<ObservedTarget> {
      const standing = await standingAt(target, signal);
      if (standing === undefined) return { target, state: 'missing', revision: 'missing', entries: [] };
      const entries = standing.map((permission) => ({
        key: keyOf(permission),
        content: contentOf(permission),
        owner: 'unmarked' as const,
        label: labelOf(permission),
      }));
      const texts = entries.map(({ content }) => canonicalText(content)).toSorted();
      return { target, state: 'there', revision: hash16(texts.join('\n')), entries };
    },

    // there are no marks
    marked: async () => [],

    async write({ target }, changes, { signal } = {}) {
      const standing = new Map((await standingAt(target, signal))?.map((one) => [keyOf(one), one]));
      const outcomes: EntryOutcome[] = [];
      // one is written after the other: what is refused keeps nobody else waiting
      for (const change of changes) {
        const key = change.op === 'delete' ? change.key : change.wanted.key;
        outcomes.push(await writeOrBlock(target, change, standing.get(key), signal));
      }
      return { outcomes, alarms: [] };
    },

    async verify({ target, content }, expected, { signal } = {}) {
      for (let tried = 1; ; tried += 1) {
        const verification = await look(target, content, signal);
        if (verification.answer === expected || tried >= VERIFY_TRIES) return verification;
        await pause(VERIFY_PAUSE_MS, signal);
      }
    },

    async *audit({ signal } = {}) {
      for (const organization of organizationsOf(patterns)) {
        for (const repository of await api.repositories(organization, signal)) {
          const target: Target = { backend: site.backend, host: site.host, place: repository.name };
          yield* auditRepository(target, repository, (await api.permissions(repository.name, signal)) ?? []);
        }
        const target: Target = { backend: site.backend, host: site.host, place: `${organization}/*` };
        yield* auditRepository(target, { isPublic: false }, (await api.prototypes(organization, signal)) ?? []);
      }
    },
  };

  function standingAt({ place: at }: Target, signal: AbortSignal | undefined): Promise<Standing[] | undefined> {
    const organization = organizationOfNew(at);
    return organization === undefined ? api.permissions(at, signal) : api.prototypes(organization, signal);
  }

  /** A user, robot account or team that is not there is told by 400 or 404. */
  async function writeOrBlock(
    target: Target,
    change: EntryChange,
    standing: Standing | undefined,
    signal: AbortSignal | undefined,
  ): Promise<EntryOutcome> {
    const key = change.op === 'delete' ? change.key : change.wanted.key;
    try {
      await write(target, change, standing, signal);
      return { key, state: change.op === 'adopt' ? 'unchanged' : 'written' };
    } catch (error) {
      if (!isTransshipError(error, 'registry-error', 'not-found', 'denied')) throw error;
      const { message, code } = error;
      const hint = code === 'denied' ? error.hint : `check that ${key} is there, and how it is written`;
      return { key, state: 'blocked', problem: { message, ...(hint === undefined ? {} : { hint }) } };
    }
  }

  /** A permission is one value that a write replaces: only what the change was planned on is touched. */
  async function write(
    target: Target,
    change: EntryChange,
    standing: Standing | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const before = change.op === 'create' ? undefined : change.before;
    if (!isSame(standing, before)) throw outdated(target, change.op === 'delete' ? change.key : change.wanted.key);
    if (change.op === 'adopt') return;
    const permission = permissionIn(change.op === 'delete' ? change.before : change.wanted.content);
    if (permission === undefined) return;
    const organization = organizationOfNew(target.place);
    if (organization === undefined) {
      if (change.op === 'delete') await api.removePermission(target.place, permission, signal);
      else await api.setPermission(target.place, permission, signal);
      return;
    }
    if (change.op !== 'delete') await api.addPrototype(organization, permission, signal);
    if (standing?.id !== undefined) await api.removePrototype(organization, standing.id, signal);
  }

  async function look(target: Target, content: Json, signal: AbortSignal | undefined): Promise<Verification> {
    const permission = permissionIn(content);
    const at = new Date(now());
    if (permission === undefined) return { method: 'none', answer: 'unverifiable', at };
    const isOfRepository = organizationOfNew(target.place) === undefined;
    if (permission.kind === 'user' && isOfRepository) {
      const roles = await api.rolesOf(target.place, permission.name, signal);
      const answer = roles.length > 0 ? 'allowed' : 'denied';
      return { method: 'policy-evaluation', answer, at, note: 'by the roles that Quay sums up for this user' };
    }
    const standing = await standingAt(target, signal);
    const isThere = standing?.some((one) => keyOf(one) === keyOf(permission)) === true;
    return { method: 'read-back', answer: isThere ? 'allowed' : 'denied', at };
  }
}

function isSame(standing: Standing | undefined, before: Json | undefined): boolean {
  if (standing === undefined || before === undefined) return standing === before;
  return canonicalText(contentOf(standing)) === canonicalText(before);
}

function outdated({ host, place }: Target, key: string): TransshipError {
  return new TransshipError('object-conflict', `${host}/${place}: the permission of ${key} is not as it was seen`, {
    retryable: true,
    details: { registry: host, repository: place, operation: 'set permission' },
  });
}

function patternsIn(parts: readonly PullPart[]): string[] {
  return parts.flatMap(({ what }) =>
    what.kind === 'repository' && !isExactPattern(what.pattern) ? [what.pattern] : [],
  );
}

function organizationsOf(patterns: readonly string[]): string[] {
  const first = patterns.map((pattern) => pattern.split('/')[0] ?? '');
  return [...new Set(first.filter((organization) => organization !== '' && !organization.includes('*')))];
}
