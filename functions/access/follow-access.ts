// Sees to it that Namespaces get, and lose, what requests for access say: a look at each one for which that has changed since the last time.
import type { Deps } from '../deps.ts';
import { credentialsJob } from '../job-kinds/credentials-job.ts';
import { accessRuleName, accessRules } from './access-rules.ts';

/** Called after each run over the grants; the first time of a process it looks at every Namespace that some request was for. */
export function accessFollower(
  deps: Pick<Deps, 'clock' | 'config' | 'grants'> & { jobs: Pick<Deps['jobs'], 'accept'> },
): () => Promise<void> {
  /** Of each place that was known, what held there. */
  let last: ReadonlyMap<string, string | undefined> | undefined;
  return async () => {
    const { clusters, grants } = deps.config();
    const state = await deps.grants.state();
    const rules = accessRules(grants, state, deps.clock.now());
    const current = new Map(rules.map((rule) => [rule.name, JSON.stringify(rule)]));
    const places = new Map(
      [...state.grants.values()]
        .flatMap(({ declaration }) => declaration.access ?? [])
        .filter(({ cluster }) => clusters.some(({ name }) => name === cluster))
        .map((access) => [accessRuleName(access), access]),
    );
    // one that came and went since then was never seen to hold
    const changed = [...places].filter(([name]) => !last?.has(name) || last.get(name) !== current.get(name));
    await Promise.all(
      changed.map(([, { cluster, namespace }]) =>
        deps.jobs.accept(credentialsJob({ cluster, namespace, trigger: 'config' })),
      ),
    );
    last = new Map([...places.keys()].map((name) => [name, current.get(name)]));
  };
}
