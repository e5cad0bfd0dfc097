// Brings a request for access about, or tells what that would do: the grant, the credential and its references, the copy. It may run again
// at any time: what is there is not written anew, and what goes wrong with one effect keeps no other from being brought about.
//
//   plan ─▶ declare (durable: what fails now is brought about by later runs) ─▶ grant ─▶ Secret, references ─▶ copy ─▶ report
//
import { getNamespace } from '../../shared/cluster/namespaces.ts';
import { isTransshipError } from '../../shared/errors.ts';
import { declareGrant, resumeGrant, type Decision } from '../../shared/grants/declare-grants.ts';
import { foldLines } from '../../shared/grants/fold-journal.ts';
import type { PullGrant } from '../../shared/grants/grant.ts';
import { declarationSha } from '../../shared/grants/plan-hash.ts';
import type { Deps } from '../deps.ts';
import type { MirrorPayload } from '../job-kinds/mirror-job.ts';
import { grantsRunOf } from '../reconcile-grants/grants-run-of.ts';
import type { DistributionDeps } from '../refresh-credentials/run-distribution.ts';
import type { AccessOrder } from './access-order.ts';
import { reportOfAccess, type AccessEffect, type AccessReport } from './access-report.ts';
import { credentialEffects } from './credential-effects.ts';
import { credentialRules, credentialRulesOf } from './credential-rules.ts';
import { applyGrantEffect, previewGrantEffect } from './grant-effect.ts';
import { clusterOf, planAccess, type AccessPlan } from './plan-access.ts';

export type AccessDeps = DistributionDeps & Pick<Deps, 'grants' | 'grantBackends' | 'logger'>;

export type AccessTerms = {
  /** Who asks: it stands in the grant and in the journal. */
  actor: string;
  holder: string;
  signal: AbortSignal;
  /** Has the copy made, or asks for it. */
  mirror: (payload: MirrorPayload) => Promise<Pick<AccessEffect, 'state' | 'why' | 'hint' | 'job'>>;
};

/** @throws TransshipError invalid-usage, invalid-reference, grant-refused; as the way to the cluster does */
export async function prepareAccess(
  deps: Pick<AccessDeps, 'clock' | 'config' | 'clusters'>,
  order: AccessOrder,
  { actor, signal }: Pick<AccessTerms, 'actor' | 'signal'>,
): Promise<AccessPlan> {
  const config = deps.config();
  const known = { config, requestedBy: actor, now: deps.clock.now() };
  // what is wrong with the request is told before anybody is asked
  planAccess(order, { ...known, labels: {} });
  const cluster = await deps.clusters().get(clusterOf(order, config));
  return planAccess(order, { ...known, labels: await labelsOf(cluster, order.namespace, signal) });
}

/** Writes it down; the same again changes nothing, and ends a revoke by hand. @throws TransshipError conflict-refused, store-unavailable */
export async function declareAccess(
  { clock, config, grants: store }: Pick<AccessDeps, 'clock' | 'config' | 'grants'>,
  { grant }: AccessPlan,
  actor: string,
): Promise<void> {
  if (grant === undefined) return;
  const decision: Decision = { store, clock, actor, config: config() };
  await declareGrant(decision, grant);
  const record = (await store.state()).grants.get(grant.id);
  if (record?.revoked?.declarationSha === declarationSha(grant)) await resumeGrant(decision, grant.id);
}

/** @throws TransshipError as `declareAccess`; interrupted */
export async function applyAccess(deps: AccessDeps, plan: AccessPlan, terms: AccessTerms): Promise<AccessReport> {
  await declareAccess(deps, plan, terms.actor);
  const { mirror: copy } = plan;
  const rules = await credentialRules(deps);
  const of = { cluster: plan.cluster, where: `${plan.cluster}/${plan.namespace}` };
  const effects = [
    ...(await tried({ effect: 'grant', what: plan.id, where: of.cluster }, terms.signal, () =>
      applyGrantEffect(runOf(deps, terms), plan),
    )),
    ...(await tried({ effect: 'credential', what: plan.registry, where: of.where }, terms.signal, () =>
      credentialEffects(deps, plan, { rules, isDry: false, signal: terms.signal }),
    )),
    ...(copy === undefined
      ? []
      : await tried(mirrorEffect(copy), terms.signal, async () => [
          { ...mirrorEffect(copy), ...(await terms.mirror(copy)) },
        ])),
  ];
  return reportOfAccess(plan, effects);
}

/** What `applyAccess` would do. Nothing is written, and nothing issued that leaves a trace. */
export async function previewAccess(
  deps: AccessDeps,
  plan: AccessPlan,
  terms: Omit<AccessTerms, 'mirror'>,
): Promise<AccessReport> {
  const { signal } = terms;
  const { mirror: copy, grant } = plan;
  const rules = await rulesWith(deps, grant);
  const effects = [
    ...(await tried({ effect: 'grant', what: plan.id, where: plan.cluster }, signal, () =>
      previewGrantEffect(runOf(deps, terms), plan),
    )),
    ...(await tried({ effect: 'credential', what: plan.registry, where: plan.namespace }, signal, () =>
      credentialEffects(deps, plan, { rules, isDry: true, signal }),
    )),
    ...(copy === undefined ? [] : [{ ...mirrorEffect(copy), state: 'planned' as const }]),
  ];
  return reportOfAccess(plan, effects, true);
}

function runOf(deps: AccessDeps, { actor, holder, signal }: Omit<AccessTerms, 'mirror'>) {
  return grantsRunOf(deps, { actor, holder, signal }, { function: 'access' });
}

/** As if it was declared now. */
async function rulesWith({ config, grants, clock }: AccessDeps, grant: PullGrant | undefined) {
  const state = await grants.state();
  const now = clock.now();
  if (grant === undefined) return credentialRulesOf(config(), state, now);
  const line = { at: now, actor: '', event: 'declared', grant: grant.id, declaration: grant } as const;
  const declared = foldLines(state, [
    { ...line, declarationSha: declarationSha(grant) },
    { at: now, actor: '', event: 'resumed', grant: grant.id },
  ]);
  return credentialRulesOf(config(), declared, now);
}

function mirrorEffect({ source, targets }: MirrorPayload): Pick<AccessEffect, 'effect' | 'what' | 'where'> {
  return { effect: 'mirror', what: source, where: targets.join(', ') };
}

async function tried(
  effect: Pick<AccessEffect, 'effect' | 'what' | 'where'>,
  signal: AbortSignal,
  work: () => Promise<AccessEffect[]>,
): Promise<AccessEffect[]> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (!isTransshipError(error)) throw error;
    const { message, hint } = error;
    return [{ ...effect, state: 'failed', why: message, ...(hint === undefined ? {} : { hint }) }];
  }
}

/** An identity that may not look at Namespaces brings credentials there all the same. */
async function labelsOf(
  cluster: Parameters<typeof getNamespace>[0],
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  try {
    return (await getNamespace(cluster, name, { signal }))?.labels ?? {};
  } catch (error) {
    if (isTransshipError(error, 'denied')) return {};
    throw error;
  }
}
