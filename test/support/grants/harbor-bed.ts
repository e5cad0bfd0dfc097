// Whole runs over grants at a fake of Harbor, with the projects `team` and `base`, on a clock that tests move.
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { harborBackend } from '../../../shared/grants/harbor/backend.ts';
import { applyGrants } from '../../../shared/grants/reconcile.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { configOf } from '../config-of.ts';
import { manualClock } from '../jobs/manual-clock.ts';
import { startFakeHarbor, type FakeHarbor } from './fake-harbor.ts';
import { keptSecrets } from './kept-secrets.ts';
import { memoryGrantStore } from './memory-grant-store.ts';
import { pullGrant } from './pull-grant.ts';

export type HarborBed = Awaited<ReturnType<typeof startHarborBed>>;

export async function startHarborBed() {
  const clock = manualClock();
  const harbor = await startFakeHarbor(() => clock.now().getTime());
  for (const [index, name] of ['team', 'base'].entries()) {
    harbor.projects.set(name, { id: index + 1, isPublic: false, members: [] });
  }
  return { clock, harbor, ...runsAt(harbor, clock), another: () => runsAt(harbor, clock) };
}

/** With a journal and Secrets of their own. */
function runsAt(harbor: FakeHarbor, clock: ReturnType<typeof manualClock>) {
  const store = memoryGrantStore(() => clock.now());
  const secrets = keptSecrets();
  const config = configOf(`registries: { "${harbor.host}": { kind: harbor, plainHttp: true } }`);
  const backend = harborBackend({
    site: { backend: 'harbor', host: harbor.host, profiles: new Map() },
    instance: 'transship',
    place: { host: harbor.host, aliases: [], plainHttp: true, env: {}, retries: { tries: 1 } },
    login: async () => ({ username: harbor.admin.username, password: new Secret(harbor.admin.password) }),
    keepSecret: secrets.keepSecret,
    patterns: ['team/**', 'base/**'],
    now: () => clock.now().getTime(),
    pause: async () => undefined,
  });
  return {
    backend,
    store,
    secrets,
    /** What is not among the grants any more is withdrawn. */
    apply(patterned: readonly PullGrant[]) {
      const grants = patterned.map((grant) => ({
        ...grant,
        what: grant.what.map((part) => ({ ...part, registry: harbor.host })),
      }));
      const run = { config: { ...config, grants }, store, clock, logger: silentLogger, actor: 'test', holder: 'one' };
      return applyGrants({ ...run, backendFor: async () => backend }, { overbroad: 'skip' });
    },
  };
}

export function harborGrant(pattern: string, own: Partial<PullGrant> = {}): PullGrant {
  return pullGrant({
    what: [{ registry: 'harbor.test', what: { kind: 'repository', pattern }, actions: ['pull'] }],
    ...own,
  });
}
