// The results as Markdown tables.
import type { CopyGroup, Entry } from './copy-groups.ts';
import { bareSeconds, fineMilliseconds, megabytes, milliseconds, seconds } from './quantity.ts';
import { OURS, OURS_ALONE, type ReceiverResult, type StartResult } from './results.ts';
import { BARE_NODE } from './start-up.ts';
import { spread, type Spread } from './statistics.ts';

export type Column = { title: string; align: 'left' | 'right' };

export function markdownTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(3, title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align)).join(' | ')} |`;
  const rule = widths.map((width, index) =>
    columns[index]?.align === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return `${[line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n')}\n`;
}

function pad(text: string, width: number, align: Column['align'] | undefined): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

const COPY_COLUMNS: readonly Column[] = [
  { title: 'program', align: 'left' },
  { title: 'wall', align: 'right' },
  { title: 'from … to', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'peak memory', align: 'right' },
  { title: 'requests', align: 'right' },
  { title: 'to source + target', align: 'right' },
];

export function copyTable({ entries }: CopyGroup): string {
  return markdownTable(COPY_COLUMNS, entries.map(copyRow));
}

function copyRow({ contender, wall, cpu, peak, source, target }: Entry): string[] {
  return [
    nameOf(contender),
    seconds(wall.median),
    range(wall),
    seconds(cpu.median),
    megabytes(peak.median),
    String(Math.round(source.median + target.median)),
    `${Math.round(source.median)} + ${Math.round(target.median)}`,
  ];
}

function nameOf(contender: string): string {
  if (contender === OURS) return `**${OURS}**`;
  return contender === OURS_ALONE ? `${OURS}, ${OURS_ALONE}` : contender;
}

function range({ low, high }: Spread): string {
  return `${bareSeconds(low)} … ${bareSeconds(high)}`;
}

const START_COLUMNS: readonly Column[] = [
  { title: 'command', align: 'left' },
  { title: 'wall', align: 'right' },
  { title: 'above bare node', align: 'right' },
  { title: 'peak memory', align: 'right' },
];

export function startTable(starts: readonly StartResult[]): string {
  const medians = starts.map(({ command, wallMs, peakBytes }) => ({
    command,
    wall: spread(wallMs).median,
    peak: spread(peakBytes).median,
  }));
  const bare = medians.find(({ command }) => command === BARE_NODE)?.wall;
  return markdownTable(
    START_COLUMNS,
    medians.map(({ command, wall, peak }) => {
      const above = bare === undefined || command === BARE_NODE ? '' : milliseconds(wall - bare);
      return [command, milliseconds(wall), above, megabytes(peak)];
    }),
  );
}

const RECEIVER_COLUMNS: readonly Column[] = [
  { title: 'events sent', align: 'right' },
  { title: 'accepted', align: 'right' },
  { title: 'not accepted', align: 'right' },
  { title: 'median', align: 'right' },
  { title: 'p99', align: 'right' },
  { title: 'p99.9', align: 'right' },
  { title: 'longest', align: 'right' },
];

export function receiverTable(results: readonly ReceiverResult[]): string {
  return markdownTable(
    RECEIVER_COLUMNS,
    results.map(({ perSecond, acceptedPerSecond, refused, p50Ms, p99Ms, p999Ms, longestMs }) => [
      `${perSecond}/s`,
      `${Math.round(acceptedPerSecond)}/s`,
      String(refused),
      ...[p50Ms, p99Ms, p999Ms, longestMs].map(fineMilliseconds),
    ]),
  );
}
