// What became of each target, as data for people and machines.
import { isTransshipError, messageOf } from '../errors.ts';
import { formatReference } from '../oci/reference.ts';
import type { Problem, TargetReport, TargetState } from './copy-types.ts';
import type { Target } from './target.ts';

/** @param digest what the target names now, or would after a dry run */
export function reportOf(
  target: Target,
  state: TargetState,
  digest: string | undefined,
  nowMs: number,
  error?: unknown,
): TargetReport {
  return {
    reference: formatReference(target.reference),
    ...(digest === undefined ? {} : { digest }),
    state,
    blobs: target.blobs,
    bytesMoved: target.bytesMoved,
    bytesSaved: target.bytesSaved,
    requests: target.meter.requests,
    durationMs: Math.round(nowMs - target.startedAt),
    referrers: target.referrers,
    ...(error === undefined ? {} : { error: problemOf(error) }),
  };
}

/** The members of an error that are safe and useful outside of this process. */
export function problemOf(error: unknown): Problem {
  if (!isTransshipError(error)) return { code: 'internal', message: messageOf(error) };
  const { registry, repository, operation, status } = error.details;
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(registry === undefined ? {} : { registry }),
    ...(repository === undefined ? {} : { repository }),
    ...(operation === undefined ? {} : { operation }),
    ...(status === undefined ? {} : { status }),
  };
}
