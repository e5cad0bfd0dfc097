// The back end for Artifact Registry: bindings in the IAM policies of repositories.
// https://cloud.google.com/artifact-registry/docs/access-control
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { GoogleIdentity } from '../../identity/google.ts';
import { sleep } from '../../oci/http/retry.ts';
import type { GrantBackend, Verification } from '../backend.ts';
import type { ObservedTarget } from '../entry.ts';
import type { PullPart } from '../grant.ts';
import type { Site, Survey, Target } from '../site.ts';
import { auditPolicy } from './audit-policy.ts';
import { openArtifactRegistry, type ArtifactRegistryApi } from './client.ts';
import { locationOf, meaningOf, placeOfResource, projectAt, repositoryAt, type ArtifactRepository } from './places.ts';
import { accessIn, nameOf, observedEntries, type Policy } from './policy.ts';
import { mayPull } from './pull-access.ts';
import { unreadFact } from './wanted.ts';
import { writePolicy } from './write-policy.ts';

export type ArtifactRegistryBackendOptions = {
  site: Site;
  instance: string;
  identity: GoogleIdentity;
  env: NodeJS.ProcessEnv;
  /** Patterns that say whose repositories an audit looks at: those of all grants at this host. */
  patterns: readonly string[];
  now?: () => number;
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
  random?: () => number;
};

const VERIFY_TRIES = 3;
const VERIFY_PAUSE_MS = 1_000;
const INHERITED = "what the project and its folders give is not visible in the repository's own policy";
const LAG = 'it takes effect within minutes';

export function artifactRegistryBackend(options: ArtifactRegistryBackendOptions): GrantBackend {
  const { site, instance, patterns, now = Date.now, pause = sleep, random = Math.random } = options;
  const api = openArtifactRegistry(options);
  return {
    kind: 'artifact-registry',

    async survey(parts: readonly PullPart[], { signal } = {}): Promise<Survey> {
      return surveyProjects(api, site.host, patternsIn(parts), signal);
    },

    async observe(target, { signal } = {}): Promise<ObservedTarget> {
      try {
        const policy = await api.getPolicy(repositoryOf(target), { signal });
        const entries = observedEntries(policy, instance);
        return { target, state: 'there', revision: policy.etag, entries, document: policy };
      } catch (error) {
        if (!isTransshipError(error, 'not-found')) throw error;
        return { target, state: 'missing', revision: 'missing', entries: [] };
      }
    },

    // bindings are found by reading the policy of every repository of every project, only
    marked: async () => [],

    async write(observed, changes, { signal } = {}) {
      const repository = repositoryOf(observed.target);
      const seen = isPolicy(observed.document) ? observed.document : await api.getPolicy(repository, { signal });
      return writePolicy({ api, repository, pause, random, signal }, seen, changes);
    },

    async verify({ target, content }, expected, { signal } = {}): Promise<Verification> {
      const member = accessIn(content)?.member;
      if (member === undefined) return { method: 'none', answer: 'unverifiable', at: new Date(now()) };
      for (let tried = 1; ; tried += 1) {
        const verification = await evaluate(target, member, signal);
        if (verification.answer === expected || tried >= VERIFY_TRIES) return verification;
        await pause(VERIFY_PAUSE_MS, signal);
      }
    },

    async *audit({ signal } = {}) {
      const widened = [...patterns, ...projectPatterns(patterns)];
      const { repositories = [], facts = {} } = await surveyProjects(api, site.host, widened, signal);
      const named = widened.flatMap((pattern) => {
        const meaning = meaningOf(site.host, pattern);
        return meaning.kind === 'repository' ? [meaning.place] : [];
      });
      const [unread] = Object.entries(facts);
      if (unread !== undefined && repositories.length + named.length === 0) throw cannotList(site.host, unread[1]);
      for (const place of [...new Set([...repositories, ...named])].toSorted()) {
        const target: Target = { backend: site.backend, host: site.host, place };
        const policy = await policyIfThere(target, signal);
        if (policy !== undefined) yield* auditPolicy(policy, target, instance);
      }
    },

    close: () => api.close(),
  };

  async function evaluate(target: Target, member: string, signal: AbortSignal | undefined): Promise<Verification> {
    const policy = await policyIfThere(target, signal);
    const at = new Date(now());
    const method = 'policy-evaluation';
    if (policy === undefined) return { method, answer: 'denied', at, note: 'the repository is not there' };
    const found = mayPull(policy, member, at);
    if (found.answer === 'allowed') {
      return { method, answer: 'allowed', at, note: `by ${nameOf(found.by)}; ${LAG}` };
    }
    if (found.perhaps !== undefined) {
      const note = `${nameOf(found.perhaps)} has a condition that is not evaluated`;
      return { method, answer: 'unverifiable', at, note };
    }
    return { method, answer: 'denied', at, note: `${INHERITED}; ${LAG}` };
  }

  async function policyIfThere(target: Target, signal: AbortSignal | undefined): Promise<Policy | undefined> {
    try {
      return await api.getPolicy(repositoryOf(target), { signal });
    } catch (error) {
      if (isTransshipError(error, 'not-found')) return undefined;
      throw error;
    }
  }
}

/** A project that cannot be listed is a fact: the grants for others go on. */
async function surveyProjects(
  api: ArtifactRegistryApi,
  host: string,
  patterns: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const location = locationOf(host);
  const repositories: string[] = [];
  const facts: Record<string, string> = {};
  const prefixes = patterns.flatMap((pattern) => {
    const meaning = meaningOf(host, pattern);
    return meaning.kind === 'project' ? [meaning.prefix] : [];
  });
  for (const prefix of new Set(location === undefined ? [] : prefixes)) {
    try {
      const names = await api.listRepositories({ project: projectAt(prefix), location: location ?? '' }, { signal });
      repositories.push(...names.map((name) => placeOfResource(prefix, name)));
    } catch (error) {
      if (!isTransshipError(error, 'denied', 'not-found', 'registry-error')) throw error;
      facts[unreadFact(prefix)] = error.message;
    }
  }
  return { repositories: repositories.toSorted(), facts };
}

function patternsIn(parts: readonly PullPart[]): string[] {
  return parts.flatMap(({ what }) => (what.kind === 'repository' ? [what.pattern] : []));
}

/** All of the projects that patterns are in: `acme/**` of `acme/app/**`. */
function projectPatterns(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => {
    const [first = '', second] = pattern.split('/');
    if (first.includes('*')) return [];
    if (!first.includes('.')) return [`${first}/**`];
    return second === undefined || second.includes('*') ? [] : [`${first}/${second}/**`];
  });
}

function repositoryOf({ host, place }: Target): ArtifactRepository {
  const found = repositoryAt(host, place);
  if (found !== undefined) return found;
  throw new TransshipError('invalid-config', `${host}/${place} is no repository of Artifact Registry`, {
    hint: 'name it as references do: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY',
    details: { registry: host, repository: place, operation: 'find repository' },
  });
}

function cannotList(host: string, reason: string): TransshipError {
  return new TransshipError('denied', `the repositories at ${host} cannot be listed: ${reason}`, {
    hint: 'give the identity artifactregistry.repositories.list in the projects of the grants',
    details: { registry: host, operation: 'audit' },
  });
}

function isPolicy(document: unknown): document is Policy {
  return typeof document === 'object' && document !== null && 'etag' in document && 'bindings' in document;
}
