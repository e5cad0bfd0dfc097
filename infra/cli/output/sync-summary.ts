// What became of a run over rules: a row for each rule, and what it cost in all.
import type { PruneReport } from '../../../shared/mirror/prune/prune.ts';
import type { Context } from '../context.ts';
import type { RuleFigures, SyncTally } from '../sync-tally.ts';
import { glyphsFor } from './bar.ts';
import { printJsonLine } from './json-lines.ts';
import { styleFor } from './style.ts';
import { alignColumns } from './table.ts';
import { count, formatBytes, formatDuration } from './units.ts';

export function printSyncSummary(
  context: Context,
  tally: SyncTally,
  pruned: readonly PruneReport[],
  durationMs: number,
): void {
  const { io, globals } = context;
  const total = tally.total();
  if (globals.json) {
    const rules = [...tally.rules].map(([name, figures]) => ({ name, ...figures }));
    printJsonLine(io, { type: 'report', rules, pruned, ...total, durationMs: Math.round(durationMs) });
    return;
  }
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  const rows = [...tally.rules].map(([name, figures]) => [style('bold', name), ...cells(figures)]);
  for (const line of alignColumns(rows)) io.stdout.write(`${line}\n`);
  for (const { repository, removed, isDone } of pruned) {
    for (const { tag } of removed) {
      io.stdout.write(`${isDone ? 'removed' : 'unwanted, would be removed'}: ${repository}:${tag}\n`);
    }
  }
  const facts = [
    count(total.blobs.copied + total.blobs.mounted + total.blobs.existing, 'blob'),
    `${formatBytes(total.bytesMoved)} moved`,
    ...(total.bytesSaved > 0 ? [`${formatBytes(total.bytesSaved)} saved`] : []),
    count(total.requests, 'request'),
    formatDuration(durationMs),
  ];
  io.stdout.write(`${style('dim', facts.join(glyphsFor(io.env).separator))}\n`);
}

function cells({ repositories, tags, ...figures }: RuleFigures): string[] {
  const states = (['copied', 'unchanged', 'refused', 'failed', 'removed'] as const)
    .filter((state) => figures[state] > 0)
    .map((state) => `${figures[state]} ${state}`);
  const scope = `${repositories === 1 ? '1 repository' : `${repositories} repositories`}, ${count(tags, 'tag')}`;
  return [scope, states.join(', ') || 'nothing selected'];
}
