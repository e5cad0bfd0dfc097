// Which credentials have to be issued and which Secrets have to be read before anything can be planned: none where the marks say that
// everything is as it should be.
import { createHash } from 'node:crypto';
import { type Claim, claimsIn } from './claim.ts';
import type { DesiredCredentials, DesiredRegistry } from './desired.ts';
import { leftovers } from './leftovers.ts';
import type { ObservedCluster, ObservedNamespace } from './observed.ts';
import type { CredentialMark, SecretMarks } from './secret-marks.ts';
import type { SecretTarget } from './secret-target.ts';

export type NeededCredentials = {
  /** As rules name them, sorted. */
  registries: readonly string[];
  /** The Secrets whose content a plan has to know. */
  contents: readonly { namespace: string; secret: string }[];
};

/** From labels and annotations alone; `now` on the cluster's clock. */
export function neededCredentials(
  desired: DesiredCredentials,
  observed: ObservedCluster,
  now: Date,
): NeededCredentials {
  const registries = new Set<string>();
  const contents: { namespace: string; secret: string }[] = [];
  for (const namespace of observed.namespaces) {
    if (namespace.isTerminating) continue;
    const claims = claimsIn(desired, observed.name, namespace);
    for (const claim of claims) {
      const stale = staleRegistries(claim, desired, now);
      for (const registry of stale) registries.add(registry);
      if (mustRead(claim, stale, desired)) contents.push({ namespace: namespace.name, secret: claim.target.secret });
    }
    contents.push(...unwantedContents(desired, namespace, claims));
  }
  return { registries: [...registries].toSorted(), contents };
}

/** Those of its registries that the Secret does not hold, or not as it should, or not for long enough any more. */
export function staleRegistries(claim: Claim, desired: DesiredCredentials, now: Date): string[] {
  if (claim.kind === 'refused') return [];
  const marks = claim.kind === 'ours' ? claim.marks.credentials : [];
  return claim.target.registries.filter((name) => {
    const mark = marks.find(({ registry }) => registry === name);
    const registry = desired.registries.get(name);
    if (mark === undefined || registry === undefined || desired.isForced === true) return true;
    return registry.mustCompare === true || mark.inputsHash !== registryInputs(registry) || isDue(mark, now);
  });
}

function isDue({ refreshAt }: CredentialMark, now: Date): boolean {
  return refreshAt !== undefined && refreshAt.getTime() <= now.getTime();
}

/** Of what the credential of a registry depends on, without any secret. */
export function registryInputs({ id, hosts }: DesiredRegistry): string {
  return hashOf([id, ...hosts.toSorted()]);
}

/** Of all that the marks of a Secret depend on beside the credentials themselves. */
export function targetInputs(target: SecretTarget, credentials: readonly CredentialMark[]): string {
  const { rule } = target;
  return hashOf([
    JSON.stringify([rule.secret.layout, rule.prune]),
    ...credentials.map(({ registry, hosts, inputsHash }) => JSON.stringify([registry, hosts, inputsHash])),
  ]);
}

/** True where the Secret may have to be written, given the registries whose entries in it change. */
export function mustRead(claim: Claim, stale: readonly string[], desired: DesiredCredentials): boolean {
  if (claim.kind === 'adopted') return true;
  return claim.kind === 'ours' && (stale.length > 0 || hasOtherShape(claim, claim.marks, desired));
}

/** True where the configuration takes something out of it, or changes what its marks say. */
function hasOtherShape({ target }: Claim, marks: SecretMarks, desired: DesiredCredentials): boolean {
  const isUnwanted = marks.credentials.some(({ registry }) => !target.registries.includes(registry));
  return isUnwanted || marks.inputsHash !== targetInputs(target, marks.credentials) || desired.isForced === true;
}

/** Before one of ours is deleted it must be known whether it holds something of others. */
function unwantedContents(
  desired: DesiredCredentials,
  namespace: ObservedNamespace,
  claims: readonly Claim[],
): { namespace: string; secret: string }[] {
  return leftovers(desired, namespace, claims)
    .filter(({ isPruned }) => isPruned)
    .map(({ secret }) => ({ namespace: namespace.name, secret: secret.name }));
}

function hashOf(texts: readonly string[]): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16)}`;
}
