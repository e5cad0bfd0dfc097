// Decides, without any I/O, how a sweep ends from what went wrong: done, or tried again for the repositories that failed.
import { TransshipError } from '../../shared/errors.ts';
import type { Problem } from '../../shared/mirror/copy-types.ts';
import type { SweepCounts } from './sweep-cursor.ts';

/** What a later try may not meet again, although the client gave this one up. */
const MAY_PASS = new Set<string>([
  'connection-failed',
  'timeout',
  'too-many-requests',
  'registry-unavailable',
  'upload-lost',
  'copy-failed',
  'interrupted',
  'internal',
]);

/**
 * The error that ends this try; undefined where nothing failed that a later try could mend. Where nothing at all could be compared
 * it is tried again in any case: a rule without a single repository is more likely a source that is not set up yet.
 * @param problems of this try, refusals included
 */
export function sweepFailure(
  rule: string,
  problems: readonly Problem[],
  { tags, failed, repositories }: Pick<SweepCounts, 'tags' | 'failed' | 'repositories'>,
): TransshipError | undefined {
  const passing = problems.filter(({ code }) => MAY_PASS.has(code));
  const isNothing = failed > 0 && tags === 0 && failed >= repositories;
  const [first] = passing.length > 0 || !isNothing ? passing : problems;
  if (first === undefined) return undefined;
  const what = isNothing ? 'could not be compared' : 'could not be compared as a whole';
  return new TransshipError('copy-failed', `rule ${rule} ${what}: ${first.message}`, {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    retryable: true,
  });
}
