// Brings the Namespaces of requests for access up to date at once, where no jobs do: what holds is there, and what has ended goes.
import type { Deps } from '../deps.ts';
import {
  distributePrepared,
  prepareDistribution,
  type DistributionDeps,
} from '../refresh-credentials/run-distribution.ts';
import { accessRuleName } from './access-rules.ts';
import { credentialRulesAt } from './credential-rules.ts';

type Terms = {
  /** Grants; absent: all. */
  only: readonly string[] | undefined;
  signal: AbortSignal;
};

/** @throws TransshipError as the ways to the clusters do */
export async function settleAccess(
  deps: DistributionDeps & Pick<Deps, 'grants'>,
  { only, signal }: Terms,
): Promise<void> {
  const known = [...(await deps.grants.state()).grants.values()].filter(({ grant }) => only?.includes(grant) ?? true);
  const places = new Map(
    known.flatMap(({ declaration: { access } }) => (access === undefined ? [] : [[accessRuleName(access), access]])),
  );
  for (const { cluster: name, namespace } of places.values()) {
    if (!deps.clusters().names.includes(name)) continue;
    const cluster = await deps.clusters().get(name);
    const rules = await credentialRulesAt(deps, { cluster: name, namespace });
    const run = await prepareDistribution(deps, { cluster, rules, namespace, verdicts: new WeakMap(), signal });
    await distributePrepared(deps, { cluster, run, signal });
  }
}
