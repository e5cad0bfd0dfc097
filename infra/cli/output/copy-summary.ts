// What became of a copy, for people: two or three lines per target.
import type { TargetReport, TargetState } from '../../../shared/mirror/copy-types.ts';
import type { Glyphs } from './bar.ts';
import type { Colour, Style } from './style.ts';
import { count, formatBytes, formatDuration } from './units.ts';

const COLOURS: Readonly<Record<TargetState, Colour>> = {
  copied: 'green',
  unchanged: 'green',
  planned: 'cyan',
  refused: 'yellow',
  failed: 'red',
};
const INDENT = ' '.repeat(11);

/** The lines for one target; the reason of a failure is not among them, it goes to stderr. */
export function targetSummary(report: TargetReport, style: Style, glyphs: Glyphs): string[] {
  const lines = [`${style(COLOURS[report.state], report.state.padEnd(9))}  ${style('bold', report.reference)}`];
  if (report.digest !== undefined) lines.push(`${INDENT}${report.digest}`);
  lines.push(`${INDENT}${style('dim', targetFacts(report, glyphs))}`);
  return lines;
}

/** How the target got its content, what that cost, and what it saved, in one line. */
function targetFacts(report: TargetReport, glyphs: Glyphs): string {
  const cost = [count(report.requests, 'request'), formatDuration(report.durationMs)];
  return [...contentFacts(report), ...cost].join(glyphs.separator);
}

/** What crossed to the target, what did not have to, and what came along. */
export function contentFacts(report: TargetReport): string[] {
  const planned = report.state === 'planned';
  const { copied, mounted, existing } = report.blobs;
  const ways: [number, string][] = [
    [copied, planned ? 'to copy' : 'copied'],
    [mounted, planned ? 'to mount' : 'mounted'],
    [existing, 'there already'],
  ];
  const told = ways.filter(([number]) => number > 0).map(([number, way]) => `${number} ${way}`);
  const facts: string[] = [];
  if (told.length > 0) facts.push(`${count(copied + mounted + existing, 'blob')}: ${told.join(', ')}`);
  if (report.bytesMoved > 0) facts.push(`${formatBytes(report.bytesMoved)} ${planned ? 'to move' : 'moved'}`);
  if (report.bytesSaved > 0) facts.push(`${formatBytes(report.bytesSaved)} saved`);
  if (report.referrers > 0) facts.push(count(report.referrers, 'referrer'));
  return facts;
}
