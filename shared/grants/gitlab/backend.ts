// The back end for GitLab: deploy tokens that are made for one grant each. Targets are projects, and groups (`acme/**`).
// https://docs.gitlab.com/api/deploy_tokens/
import { isTransshipError, TransshipError } from '../../errors.ts';
import { sleep } from '../../oci/http/retry.ts';
import type { ApiPlace } from '../../registries/vendor-api.ts';
import type { EntryChange, EntryOutcome, GrantBackend, Verification } from '../backend.ts';
import { canonicalText, hash16, type Json } from '../canonical.ts';
import type { ObservedTarget } from '../entry.ts';
import type { PullPart, SecretPlace } from '../grant.ts';
import type { KeepSecret } from '../keep-secret.ts';
import type { Site, Target } from '../site.ts';
import { auditTokens, auditVisibility, VISIBILITY } from './audit-owner.ts';
import { tokenIn, tokenKey } from './entry-content.ts';
import { openGitlab, type GitlabKey, type GitlabToken } from './gitlab-api.ts';
import { ownerAt, ownerFact, pathIn, pathsAbove, placeOf, type Owner } from './owners.ts';
import { keptAmong, ownTokens, tokenEntries } from './token-entries.ts';
import { writeToken, type TokenWrite } from './write-token.ts';

export type GitlabBackendOptions = {
  site: Site;
  instance: string;
  place: ApiPlace;
  /** GitLab itself, without `/api/v4`. */
  base: URL;
  key: GitlabKey;
  keepSecret: KeepSecret;
  /** Patterns that say which projects and groups are looked at beside those asked for: those of all grants at this host. */
  patterns: readonly string[];
  now?: () => number;
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

const VERIFY_TRIES = 3;
const VERIFY_PAUSE_MS = 500;

export function gitlabBackend(options: GitlabBackendOptions): GrantBackend {
  const { site, instance, place, base, key, keepSecret, patterns, now = Date.now, pause = sleep } = options;
  const { host } = site;
  const api = openGitlab(place, base, key);

  return {
    kind: 'gitlab',

    async survey(parts, { signal } = {}) {
      const facts: Record<string, string> = {};
      for (const path of pathsOf(patternsIn(parts))) {
        const owner = await ownerOf(path, signal);
        if (owner !== undefined) facts[path] = ownerFact(owner);
      }
      return { facts };
    },

    async observe(target, { signal } = {}): Promise<ObservedTarget> {
      const tokens = await api.tokens(ownerAt(target.place), signal);
      if (tokens === undefined) return { target, state: 'missing', revision: 'missing', entries: [] };
      const entries = await tokenEntries({ host, instance, tokens }, keepSecret);
      const texts = entries.map(({ content }) => canonicalText(content)).toSorted();
      return { target, state: 'there', revision: hash16(texts.join('\n')), entries };
    },

    async marked({ signal } = {}) {
      const found: Target[] = [];
      for (const owner of await knownOwners(signal)) {
        const tokens = await tokensIfSeen(owner, signal);
        if (ownTokens({ instance, tokens }).length > 0) found.push(targetOf(owner));
      }
      return found;
    },

    async write({ target }, changes, { signal } = {}) {
      const outcomes: EntryOutcome[] = [];
      // what the one before left is what the next one starts from
      for (const change of changes) outcomes.push(await write(target, change, signal));
      return { outcomes, alarms: [] };
    },

    async verify({ target, content }, expected, { signal } = {}) {
      for (let tried = 1; ; tried += 1) {
        const verification = await look(target, content, expected, signal);
        if (verification.answer === expected || tried >= VERIFY_TRIES) return verification;
        await pause(VERIFY_PAUSE_MS, signal);
      }
    },

    async *audit({ signal } = {}) {
      for (const owner of await knownOwners(signal)) {
        const target = targetOf(owner);
        const project = owner.kind === 'project' ? await api.project(owner.path, signal) : undefined;
        const projects =
          owner.kind === 'group' ? await api.openProjects(owner.path, signal) : project === undefined ? [] : [project];
        yield* projects.flatMap((one) => auditVisibility(target, one));
        yield* auditTokens(target, owner, (await api.tokens(owner, signal)) ?? [], instance);
        for (const path of pathsAbove(owner.path).slice(1)) {
          const above: Owner = { kind: 'group', path };
          yield* auditTokens(target, above, await tokensIfSeen(above, signal), instance);
        }
      }
    },
  };

  function targetOf(owner: Owner): Target {
    return { backend: site.backend, host, place: placeOf(owner) };
  }

  /** What the path is, or the project that it is in. */
  async function ownerOf(path: string, signal: AbortSignal | undefined): Promise<Owner | undefined> {
    for (const candidate of pathsAbove(path)) {
      // no project is without a group
      if (candidate.includes('/') && (await api.project(candidate, signal)) !== undefined) {
        return { kind: 'project', path: candidate };
      }
      if (candidate === path && (await api.hasGroup(path, signal))) return { kind: 'group', path };
    }
    return undefined;
  }

  async function knownOwners(signal: AbortSignal | undefined): Promise<Owner[]> {
    const owners = new Map<string, Owner>();
    for (const path of pathsOf(patterns)) {
      const owner = await ownerOf(path, signal);
      if (owner !== undefined) owners.set(placeOf(owner), owner);
    }
    return [...owners.values()];
  }

  /** None of an owner that is not there, or whose tokens the login may not see. */
  async function tokensIfSeen(owner: Owner, signal: AbortSignal | undefined): Promise<readonly GitlabToken[]> {
    try {
      return (await api.tokens(owner, signal)) ?? [];
    } catch (error) {
      if (isTransshipError(error, 'denied')) return [];
      throw error;
    }
  }

  async function write(target: Target, change: EntryChange, signal: AbortSignal | undefined): Promise<EntryOutcome> {
    const entryKey = change.op === 'delete' ? change.key : change.wanted.key;
    const owner = ownerAt(target.place);
    const tokens = await api.tokens(owner, signal);
    if (tokens === undefined) throw outdated(target, entryKey);
    const entries = await tokenEntries({ host, instance, tokens }, keepSecret);
    const found = entries.find((entry) => entry.key === entryKey)?.content;
    if (change.op === 'delete' && found === undefined) return { key: entryKey, state: 'unchanged' };
    if (!isSame(found, change.op === 'create' ? undefined : change.before)) throw outdated(target, entryKey);
    const common: TokenWrite = {
      api,
      host,
      owner,
      keepSecret,
      own: ownTokens({ instance, tokens }),
      now: now(),
      holderOf: (at, token) => holder(owner, at, token, signal),
      signal,
    };
    return writeToken(common, change, found);
  }

  /** Another deploy token of ours that is in the same Secret, of any project or group that grants name. */
  async function holder(owner: Owner, at: SecretPlace, token: string, signal: AbortSignal | undefined) {
    const owners = new Map([owner, ...(await knownOwners(signal))].map((one) => [placeOf(one), one]));
    for (const one of owners.values()) {
      const own = ownTokens({ instance, tokens: await tokensIfSeen(one, signal) });
      const others = own.filter(
        ({ word, mark }) => word !== token && mark !== undefined && canonicalText(mark.secret) === canonicalText(at),
      );
      const kept = await keptAmong(others, host, keepSecret);
      if (kept !== undefined) return `deploy token ${kept.word}`;
    }
    return undefined;
  }

  async function look(
    target: Target,
    content: Json,
    expected: Verification['answer'],
    signal: AbortSignal | undefined,
  ): Promise<Verification> {
    const at = new Date(now());
    const wanted = tokenIn(content);
    if (wanted === undefined) return { method: 'none', answer: 'unverifiable', at };
    const owner = ownerAt(target.place);
    const base = { method: 'read-back', at } as const;
    if (expected === 'denied' && owner.kind === 'project') {
      const project = await api.project(owner.path, signal);
      if (project !== undefined && project.visibility !== 'private') {
        return { ...base, answer: 'allowed', note: `by the ${VISIBILITY}: it is ${project.visibility}` };
      }
    }
    const tokens = await api.tokens(owner, signal);
    if (tokens === undefined) return { ...base, answer: 'denied', note: `there is no ${owner.kind} ${owner.path}` };
    const entries = await tokenEntries({ host, instance, tokens }, keepSecret);
    const found = entries.find((entry) => entry.key === tokenKey(wanted.token));
    const seen = found === undefined ? undefined : tokenIn(found.content);
    if (seen === undefined) return { ...base, answer: 'denied', note: `there is no deploy token ${wanted.token}` };
    if (seen.isKept) return { ...base, answer: 'allowed' };
    // who has it none the less, pulls
    if (expected === 'denied') return { ...base, answer: 'allowed', note: `by deploy token ${wanted.token}` };
    return { ...base, answer: 'denied', note: `deploy token ${wanted.token} is not in its Secret` };
  }
}

function isSame(found: Json | undefined, before: Json | undefined): boolean {
  if (found === undefined || before === undefined) return found === before;
  return canonicalText(found) === canonicalText(before);
}

function outdated({ host, place }: Target, key: string): TransshipError {
  return new TransshipError('object-conflict', `${host}/${place}: ${key} is not as it was seen`, {
    hint: 'plan anew',
    retryable: true,
    details: { registry: host, operation: 'set permissions' },
  });
}

function patternsIn(parts: readonly PullPart[]): string[] {
  return parts.flatMap(({ what }) => (what.kind === 'repository' ? [what.pattern] : []));
}

function pathsOf(patterns: readonly string[]): string[] {
  return [...new Set(patterns.flatMap((pattern) => pathIn(pattern) ?? []))];
}
