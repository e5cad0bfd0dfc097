// Decides, without any I/O, how a mirror job ends from what became of its targets: done, tried again, or given up.
import { TransshipError, isTransshipError, messageOf } from '../../shared/errors.ts';
import type { CopyReport } from '../../shared/mirror/copy-types.ts';

/** Failures of one try that a later one may not have, although the client gave that try up. */
const MAY_PASS = ['connection-failed', 'upload-lost', 'blob-unknown', 'interrupted', 'internal'] as const;

/**
 * The error that ends this try of the job; undefined where every target has what it should have, or refused it by policy.
 * One target that may still succeed is reason enough to try again; the others end the job when nothing else is left.
 * @param failures what was thrown, by the target's index
 */
export function mirrorFailure(report: CopyReport, failures: ReadonlyMap<number, unknown>): TransshipError | undefined {
  const { targets } = report;
  const failed = [...failures].filter(([target]) => targets[target]?.state === 'failed').map(([, error]) => error);
  const passing = failed.filter(mayPass);
  const told = passing.length > 0 ? passing : failed;
  if (told.length === 0) return undefined;
  return jobFailure(told, targets.length === 1 ? '' : `${failed.length} of ${targets.length} targets failed; `);
}

/** The first of several errors as the job's: retryable where a later try may go well, after the longest time that one of them asks for. */
export function jobFailure(errors: readonly unknown[], prefix = ''): TransshipError {
  const [first] = errors;
  const known = isTransshipError(first) ? first : undefined;
  const waits = errors.flatMap((error) => (isTransshipError(error) ? (error.retryAfterMs ?? []) : []));
  return new TransshipError(known?.code ?? 'internal', `${prefix}${messageOf(first)}`, {
    retryable: mayPass(first),
    ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    details: known?.details ?? {},
    cause: first,
  });
}

function mayPass(error: unknown): boolean {
  return !isTransshipError(error) || error.retryable || isTransshipError(error, ...MAY_PASS) || isMisread(error);
}

/**
 * What we send was checked before. A registry that finds another digest read something half-written of its own: distribution 2.8
 * writes the links of its blobs in place, and a manifest that comes meanwhile is refused.
 */
function isMisread(error: TransshipError): boolean {
  return isTransshipError(error, 'digest-mismatch') && error.details['method'] === 'PUT';
}
