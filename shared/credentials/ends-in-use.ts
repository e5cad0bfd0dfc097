// When the credentials end that clusters hold, for a provider that must not replace any of them: a token with two passwords, deploy tokens
// of which old ones go. Read from the marks of all clusters anew whenever such a provider asks, whatever the run is about.
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError } from '../errors.ts';
import type { Issuer } from '../registries/issuer.ts';
import type { CredentialRule } from './credential-rule.ts';
import { observeMeant } from './observe-meant.ts';
import { readsFor } from './reads.ts';
import { isOfInstance, readMarks } from './secret-marks.ts';

export type EndsInUseOptions = {
  instance: string;
  /** For all clusters. */
  rules: readonly CredentialRule[];
  clusterOf: (name: string) => Promise<Cluster>;
  /** @throws TransshipError invalid-config where nobody issues for a registry */
  issuerOf: (registry: string) => Issuer;
  now: () => number;
  signal?: AbortSignal;
};

/**
 * On this machine's clock, each end once. A cluster that cannot be read is left out: what it holds cannot be known, and the others have to
 * get theirs.
 * @throws TransshipError interrupted
 */
export async function endsInUse(
  { id }: Pick<Issuer, 'id'>,
  { instance, rules, clusterOf, issuerOf, now, signal }: EndsInUseOptions,
): Promise<Date[]> {
  const registries = new Set(rules.flatMap((rule) => rule.registries).filter((name) => idOf(issuerOf, name) === id));
  const wanting = rules.filter((rule) => rule.registries.some((name) => registries.has(name)));
  const names = [...new Set(wanting.flatMap(({ clusters }) => clusters))];
  const ends = await Promise.all(
    names.map(async (name) => {
      try {
        return await endsIn(await clusterOf(name), registries);
      } catch (error) {
        signal?.throwIfAborted();
        if (isTransshipError(error)) return [];
        throw error;
      }
    }),
  );
  return [...new Set(ends.flat())].map((end) => new Date(end));

  async function endsIn(cluster: Cluster, wanted: ReadonlySet<string>): Promise<number[]> {
    const own = rules.filter((rule) => rule.clusters.includes(cluster.name));
    const reads = { ...readsFor(own, instance), serviceAccounts: 'none' as const, mayPrune: false };
    const { namespaces } = await observeMeant(cluster, own, reads, signal === undefined ? {} : { signal });
    // marks are on the cluster's clock
    const offsetMs = cluster.now().getTime() - now();
    return namespaces
      .flatMap(({ secrets }) => [...secrets.values()])
      .filter((secret) => isOfInstance(secret, instance))
      .flatMap((secret) => readMarks(secret)?.credentials ?? [])
      .flatMap(({ registry, expiresAt }) =>
        expiresAt === undefined || !wanted.has(registry) ? [] : [expiresAt.getTime() - offsetMs],
      );
  }
}

function idOf(issuerOf: EndsInUseOptions['issuerOf'], registry: string): string | undefined {
  try {
    return issuerOf(registry).id;
  } catch (error) {
    if (isTransshipError(error)) return undefined;
    throw error;
  }
}
