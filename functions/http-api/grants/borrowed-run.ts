// A run over the grants within a request: what it works with stays open until it is done, and it has a minute.
import { TransshipError } from '../../../shared/errors.ts';
import type { GrantsRun } from '../../../shared/grants/grants-run.ts';
import { grantsRunOf } from '../../reconcile-grants/grants-run-of.ts';
import type { ApiDeps } from '../api-deps.ts';
import type { Identity } from '../identity.ts';

const TIMEOUT_MS = 60_000;

type Terms = { identity: Identity; client: AbortSignal; only?: readonly string[] | undefined; pruneUnknown?: boolean };

/** @throws TransshipError timeout, and what the work throws */
export async function withGrantsRun<Result>(
  deps: ApiDeps,
  { identity, client, only, pruneUnknown = false }: Terms,
  work: (run: GrantsRun) => Promise<Result>,
): Promise<Result> {
  const borrowed = deps.borrowGrantBackends?.();
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const run = grantsRunOf(deps, {
    actor: identity.name,
    holder: `request ${crypto.randomUUID()}`,
    signal: AbortSignal.any([client, late]),
    pruneUnknown,
    ...(only === undefined ? {} : { only }),
  });
  try {
    return await work(borrowed === undefined ? run : { ...run, backendFor: borrowed.value });
  } catch (error) {
    if (!late.aborted) throw error;
    throw new TransshipError('timeout', `not done after ${TIMEOUT_MS / 1000} s`, { cause: error });
  } finally {
    borrowed?.giveBack();
  }
}
