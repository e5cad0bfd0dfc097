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
  lines.push(`${INDENT}${style('dim', factsOf(report).join(glyphs.separator))}`);
  return lines;
}

function factsOf(report: TargetReport): string[] {
  const { copied, mounted, existing } = report.blobs;
  const facts: string[] = [];
  const total = copied + mounted + existing;
  if (total > 0) {
    const toCopy = report.state === 'planned' ? `${copied} to copy` : `${copied} copied`;
    facts.push(`${count(total, 'blob')}: ${toCopy}, ${mounted} mounted, ${existing} existing`);
    facts.push(`${formatBytes(report.bytesMoved)} ${report.state === 'planned' ? 'to move' : 'moved'}`);
    facts.push(`${formatBytes(report.bytesSaved)} saved`);
  }
  if (report.referrers > 0) facts.push(count(report.referrers, 'referrer'));
  facts.push(count(report.requests, 'request'), formatDuration(report.durationMs));
  return facts;
}
