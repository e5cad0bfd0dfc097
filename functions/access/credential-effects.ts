// The part of a request for access that is a credential: the Secret in the Namespace, and the ServiceAccounts that name it, brought up to
// date as every distribution does it and then looked at, or what that would do.
import { isNamespaceTerminating } from '../../shared/cluster/api-status.ts';
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { getServiceAccount } from '../../shared/cluster/service-accounts.ts';
import type { CredentialRule } from '../../shared/credentials/credential-rule.ts';
import type { CredentialChange } from '../../shared/credentials/credential-change.ts';
import type { NamespaceOutcome } from '../../shared/credentials/apply-namespace.ts';
import { secretTargets } from '../../shared/credentials/secret-target.ts';
import { isTransshipError, type TransshipError } from '../../shared/errors.ts';
import type { DistributionDeps } from '../refresh-credentials/run-distribution.ts';
import { distributePrepared, prepareDistribution } from '../refresh-credentials/run-distribution.ts';
import { registryNames } from '../registry-names.ts';
import type { AccessEffect } from './access-report.ts';
import type { AccessPlan } from './plan-access.ts';

type Terms = {
  /** All that hold, with the one of this request. */
  rules: readonly CredentialRule[];
  isDry: boolean;
  signal: AbortSignal;
};

/** A person waits: longer than a server does for one provider. */
const PATIENCE_MS = 30_000;

/** @throws TransshipError as the way to the cluster does */
export async function credentialEffects(
  deps: DistributionDeps,
  plan: AccessPlan,
  { rules, isDry, signal }: Terms,
): Promise<AccessEffect[]> {
  const where = `${plan.cluster}/${plan.namespace}`;
  const of = { effect: 'credential', what: plan.registry, where } as const;
  const { credential } = plan;
  if (credential.by === 'nobody') {
    return [{ ...of, state: 'not-needed', why: 'the registry is configured to be pulled from without a login' }];
  }
  if (credential.by === 'missing') return [{ ...of, state: 'failed', ...missingCredential(plan.registry) }];
  const rule = rules.find(({ name }) => name === credential.rule);
  const target = rule === undefined ? undefined : targetOf(rule, plan, deps);
  if (target === undefined) return [{ ...of, state: 'failed', why: 'no rule of credentials brings it any more' }];
  const cluster = await deps.clusters().get(plan.cluster);
  const seen = await tryDistribution(deps, plan, { cluster, rules, isDry, signal });
  if (isTransshipError(seen)) return [{ ...of, state: 'failed', ...problemOf(seen, plan) }];
  const secret = secretEffect(seen, { ...of, what: `Secret ${target}` }, plan, target);
  const references = await Promise.all(
    plan.serviceAccounts.map((name) => referenceEffect(cluster, seen, plan, { name, secret: target, isDry, signal })),
  );
  return [withRule(secret, plan), ...references];
}

type Seen = Pick<NamespaceOutcome, 'written' | 'told' | 'failures' | 'marks'> & {
  isDry: boolean;
  isThere: boolean;
  /** Why there is no new credential for the registry. */
  trouble?: { message: string; hint?: string };
};

/** An error: what it may not do. */
async function tryDistribution(
  deps: DistributionDeps,
  plan: AccessPlan,
  terms: Terms & { cluster: Cluster },
): Promise<Seen | TransshipError> {
  try {
    return await distributeOnce(deps, plan, terms);
  } catch (error) {
    if (isTransshipError(error, 'denied')) return error;
    throw error;
  }
}

async function distributeOnce(
  deps: DistributionDeps,
  plan: AccessPlan,
  { cluster, rules, isDry, signal }: Terms & { cluster: Cluster },
): Promise<Seen> {
  const { namespace } = plan;
  const terms = { cluster, rules, namespace, patienceMs: PATIENCE_MS, verdicts: new WeakMap(), signal };
  const run = await prepareDistribution(deps, terms, { isDry });
  const asked = registryNames(plan.registry, deps.config()).map((name) => run.asked.get(name)?.problem?.error);
  const error = asked.find((one) => one !== undefined);
  const trouble =
    error === undefined
      ? {}
      : { trouble: { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } };
  const isThere = run.namespaces.length > 0;
  if (isDry) {
    const changes = run.namespaces.flatMap((one) => run.plan(one));
    return { written: changes, told: changes, failures: [], marks: new Map(), isDry, isThere, ...trouble };
  }
  const outcomes: NamespaceOutcome[] = [];
  await distributePrepared(deps, { cluster, run, signal, onOutcome: (outcome) => outcomes.push(outcome) });
  return {
    written: outcomes.flatMap(({ written }) => written),
    told: outcomes.flatMap(({ told }) => told),
    failures: outcomes.flatMap(({ failures }) => failures),
    marks: new Map(outcomes.flatMap(({ marks }) => [...marks])),
    isDry,
    isThere,
    ...trouble,
  };
}

function secretEffect(seen: Seen, effect: Omit<AccessEffect, 'state'>, plan: AccessPlan, secret: string): AccessEffect {
  const conflict = seen.told.find((change) => isConflictOf(change, plan, secret));
  if (conflict !== undefined) return { ...effect, state: 'failed', why: conflict.message, hint: conflict.hint };
  const [failure] = seen.failures;
  if (failure !== undefined) {
    return { ...effect, state: 'failed', ...problemOf(failure.error, plan) };
  }
  if (seen.trouble !== undefined) {
    const { message, hint } = seen.trouble;
    return { ...effect, state: 'failed', why: message, ...(hint === undefined ? {} : { hint }) };
  }
  if (!seen.isThere) return { ...effect, state: 'failed', why: `there is no Namespace ${plan.namespace}` };
  const isWritten = seen.written.some(
    (change) => (change.kind === 'create-secret' || change.kind === 'update-secret') && change.secret === secret,
  );
  if (isWritten) return { ...effect, state: seen.isDry ? 'planned' : 'done' };
  if (seen.isDry || seen.marks.has(secret)) return { ...effect, state: 'unchanged' };
  return { ...effect, state: 'failed', why: 'it is not there' };
}

/** Rights for requests are printed by themselves; a guard that was printed without them refuses the reference. */
function problemOf(error: TransshipError, { credential, cluster }: AccessPlan): { why: string; hint?: string } {
  const { message, hint } = error;
  if (
    credential.by === 'access' &&
    isTransshipError(error, 'denied', 'object-refused') &&
    !isNamespaceTerminating(error)
  ) {
    return {
      why: message,
      hint: `"transship cluster manifests ${cluster} --access" prints the rights that requests for access need`,
    };
  }
  return { why: message, ...(hint === undefined ? {} : { hint }) };
}

function isConflictOf(
  change: CredentialChange,
  { credential }: AccessPlan,
  secret: string,
): change is Extract<CredentialChange, { kind: 'conflict' }> {
  const rule = 'rule' in credential ? credential.rule : '';
  return change.kind === 'conflict' && change.rule === rule && change.object.includes(secret);
}

type Reference = { name: string; secret: string; isDry: boolean; signal: AbortSignal };

async function referenceEffect(
  cluster: Cluster,
  { written, isThere }: Seen,
  { namespace, cluster: clusterName }: AccessPlan,
  { name, secret, isDry, signal }: Reference,
): Promise<AccessEffect> {
  const effect = { effect: 'reference', what: `ServiceAccount ${name}`, where: `${clusterName}/${namespace}` } as const;
  const account = isThere ? await getServiceAccount(cluster, { namespace, name }, { signal }) : undefined;
  if (account === undefined) {
    return {
      ...effect,
      state: 'planned',
      why: 'there is no such ServiceAccount yet: it gets the reference when it is made',
    };
  }
  if (account.imagePullSecrets.includes(secret)) {
    const isNew = written.some(
      (change) =>
        change.kind === 'attach-reference' && change.serviceAccount === name && change.secrets.includes(secret),
    );
    const why = 'Pods that run already keep what they were made with';
    return isNew ? { ...effect, state: 'done', why } : { ...effect, state: 'unchanged' };
  }
  if (isDry) return { ...effect, state: 'planned' };
  return { ...effect, state: 'failed', why: `its imagePullSecrets do not name ${secret}` };
}

/** The rule of a configuration goes on whatever becomes of the request. */
function withRule(effect: AccessEffect, { credential, until }: AccessPlan): AccessEffect {
  if (credential.by !== 'configuration' || effect.state === 'failed') return effect;
  const stays = until === undefined ? '' : ', which stays when the access ends';
  return { ...effect, why: `brought by the rule ${credential.rule} of the configuration${stays}` };
}

function targetOf(rule: CredentialRule, { registry }: AccessPlan, { config }: DistributionDeps): string | undefined {
  const names = registryNames(registry, config());
  return secretTargets(rule).find(({ registries }) => registries.some((one) => names.includes(one)))?.secret;
}

function missingCredential(registry: string): { why: string; hint: string } {
  return {
    why: `the configuration has no credential for ${registry}`,
    hint: `add it and ask again: registries: { "${registry}": { credential: { username: NAME, password: { env: PASSWORD } } } }`,
  };
}
