// The exit code of a copy, from what became of its targets.
import type { TargetReport } from '../../shared/mirror/copy-types.ts';
import { EXIT } from './exit-codes.ts';

type Outcome = Pick<TargetReport, 'state' | 'error'>;

/** 0 all well, 3 some well, 4 all refused, 130 interrupted, else 1. */
export function copyExitCode(outcomes: readonly Outcome[]): number {
  const bad = outcomes.filter(({ state }) => state === 'failed' || state === 'refused');
  if (bad.length === 0) return EXIT.done;
  if (bad.some(({ error }) => error?.code === 'interrupted')) return EXIT.interrupted;
  if (bad.length < outcomes.length) return EXIT.partlyFailed;
  return bad.every(({ state }) => state === 'refused') ? EXIT.refused : EXIT.failed;
}
