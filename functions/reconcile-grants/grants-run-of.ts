// What a run over the grants works with, out of what a host gives its functions.
import type { GrantsRun } from '../../shared/grants/grants-run.ts';
import type { Deps } from '../deps.ts';

type Terms = Pick<
  GrantsRun,
  'actor' | 'holder' | 'only' | 'pruneUnknown' | 'pruneDead' | 'signal' | 'verifiedAt' | 'waits'
>;

/** @param fields of the lines in the log that the run writes */
export function grantsRunOf(
  deps: Pick<Deps, 'clock' | 'config' | 'grantBackends' | 'grants' | 'logger'>,
  terms: Terms,
  fields: Parameters<Deps['logger']['with']>[0] = {},
): GrantsRun {
  return {
    config: deps.config(),
    store: deps.grants,
    backendFor: deps.grantBackends(),
    clock: deps.clock,
    logger: deps.logger.with({ function: 'reconcile-grants', ...fields }),
    ...terms,
  };
}
