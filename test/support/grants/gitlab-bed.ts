// Whole runs over grants at a fake of GitLab, with two groups and some projects, on a clock that tests move.
import { gitlabBackend } from '../../../shared/grants/gitlab/backend.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { applyGrants } from '../../../shared/grants/reconcile.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { configOf } from '../config-of.ts';
import { manualClock } from '../jobs/manual-clock.ts';
import { startFakeGitlab, type FakeGitlabGrants } from './fake-gitlab.ts';
import { keptSecrets } from './kept-secrets.ts';
import { memoryGrantStore } from './memory-grant-store.ts';
import { pullGrant } from './pull-grant.ts';

/** GitLab itself has another host. */
const REGISTRY = 'registry.gitlab.test';

export type GitlabBed = Awaited<ReturnType<typeof startGitlabBed>>;

export async function startGitlabBed() {
  const clock = manualClock();
  const gitlab = await startFakeGitlab(() => clock.now().getTime());
  for (const group of ['acme', 'acme/team']) gitlab.groups.add(group);
  for (const project of ['acme/web', 'acme/team/app', 'acme/team/base']) {
    gitlab.projects.set(project, { visibility: 'private' });
  }
  return { clock, gitlab, ...runsAt(gitlab, clock), another: () => runsAt(gitlab, clock) };
}

/** With a journal and Secrets of their own. */
function runsAt(gitlab: FakeGitlabGrants, clock: ReturnType<typeof manualClock>) {
  const store = memoryGrantStore(() => clock.now());
  const secrets = keptSecrets();
  const config = configOf(`registries: { "${REGISTRY}": { kind: gitlab } }`);
  const backend = gitlabBackend({
    site: { backend: 'gitlab', host: REGISTRY, profiles: new Map() },
    instance: 'transship',
    place: { host: REGISTRY, aliases: [], env: {}, retries: { tries: 1 } },
    base: new URL(gitlab.url),
    key: async () => new Secret(gitlab.token),
    keepSecret: secrets.keepSecret,
    patterns: ['acme/team/app/**', 'acme/**', 'acme/web'],
    now: () => clock.now().getTime(),
    pause: async () => undefined,
  });
  return {
    backend,
    store,
    secrets,
    /** What is not among the grants any more is withdrawn. */
    apply(grants: readonly PullGrant[]) {
      const run = { config: { ...config, grants }, store, clock, logger: silentLogger, actor: 'test', holder: 'one' };
      return applyGrants({ ...run, backendFor: async () => backend }, { overbroad: 'skip' });
    },
  };
}

export function gitlabGrant(pattern: string, own: Partial<PullGrant> = {}): PullGrant {
  return pullGrant({
    what: [{ registry: REGISTRY, what: { kind: 'repository', pattern }, actions: ['pull'] }],
    ...own,
  });
}
