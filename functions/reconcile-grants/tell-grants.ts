// Tells of a run over grants: lines in the log, and metrics. Never a credential.
import type { EntryReport, GrantsReport } from '../../shared/grants/grants-report.ts';
import type { GrantState } from '../../shared/grants/grants-state.ts';
import type { PullGrant } from '../../shared/grants/grant.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { GRANT_STATES } from './grant-states.ts';

const MOST_LINES = 20;
const SOON_MS = 7 * 24 * 3_600_000;

/** States that somebody has to look at. */
const TROUBLED: ReadonlySet<GrantState> = new Set(['Blocked', 'Conflict', 'Drifted', 'Suspended', 'Unsupported']);

export function logGrants({ grants, entries, alarms, writes, planHash }: GrantsReport, logger: Logger): void {
  const written = entries.filter(({ isWritten }) => isWritten);
  logger[written.length > 0 ? 'info' : 'debug']('grants reconciled', { grants: grants.length, writes });
  for (const entry of written.slice(0, MOST_LINES)) {
    logger.info('grant written', { ...placeOf(entry), op: entry.op, plan: planHash, of: written.length });
  }
  const troubled = entries.filter(({ state }) => TROUBLED.has(state));
  for (const entry of troubled.slice(0, MOST_LINES)) {
    const { message: reason, hint } = entry.problem ?? {};
    logger.warn('grant needs attention', { ...placeOf(entry), state: entry.state, reason, hint, of: troubled.length });
  }
  for (const entry of entries.filter(({ wasInterrupted }) => wasInterrupted).slice(0, MOST_LINES)) {
    logger.warn('a write of a grant was interrupted before, and was looked at', placeOf(entry));
  }
  for (const reason of alarms) logger.error('grants alarm', { reason });
}

export function countGrantWrites({ entries }: GrantsReport, metrics: Metrics): void {
  for (const { target, op, isWritten } of entries) {
    if (isWritten) metrics.count('transship_grants_writes_total', { backend: target.backend, change: op });
  }
}

/** Of a run over all grants. @param declared those that hold now */
export function measureGrants(
  { grants }: GrantsReport,
  { declared, now, metrics }: { declared: readonly PullGrant[]; now: Date; metrics: Metrics },
): void {
  for (const state of GRANT_STATES) {
    metrics.set('transship_grants', { state }, grants.filter((grant) => grant.state === state).length);
  }
  const inMs = declared.flatMap(({ expiresAt }) =>
    expiresAt === undefined ? [] : [expiresAt.getTime() - now.getTime()],
  );
  metrics.set('transship_grants_expiring', {}, inMs.filter((ms) => ms > 0 && ms < SOON_MS).length);
}

function placeOf({ target, label, grants }: EntryReport) {
  return {
    grants: grants.join(','),
    backend: target.backend,
    registry: target.host,
    place: target.place,
    object: label,
  };
}
