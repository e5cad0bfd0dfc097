// The results as the middle part of `performance.md`, between two marks; what people wrote around it stays.
import { groupCopies } from './copy-groups.ts';
import { findings } from './findings.ts';
import type { Results } from './results.ts';
import { copyTable, receiverTable, startTable } from './tables.ts';

export const PLOT_FILES = {
  wall: 'performance-wall.svg',
  memory: 'performance-memory.svg',
  receivers: 'performance-receivers.svg',
} as const;

const BEGIN = '<!-- results: written by npm run bench, do not edit -->';
const END = '<!-- end of results -->';

/** Puts the results between the marks of `document`. @throws Error if they are not there */
export function replaceResults(document: string, results: string): string {
  const [start, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (start === -1 || end < start) throw new Error(`the document has no place for results: ${BEGIN} … ${END}`);
  return `${document.slice(0, start + BEGIN.length)}\n\n${results.trim()}\n\n${document.slice(end)}`;
}

export function renderResults({ setting, copies, starts, receivers }: Results): string {
  const groups = groupCopies(copies);
  const said = findings(groups);
  const sections = [
    list([
      `Measured on ${setting.date} by \`${setting.command}\``,
      ...setting.machine,
      `Programs: ${setting.programs.join(', ')}`,
      `Both registries: ${setting.server}`,
    ]),
    ...(said.length > 0 ? ['### In short', list(said)] : []),
    ...(groups.length > 0 ? [`![Wall times](${PLOT_FILES.wall})`, `![Peak memory](${PLOT_FILES.memory})`] : []),
    ...groups.flatMap((group) => [`### ${capitalized(group.title)}`, copyTable(group)]),
    ...(receivers.length > 0
      ? ['### Push events accepted', receiverTable(receivers), `![Latency by rate](${PLOT_FILES.receivers})`]
      : []),
    ...(starts.length > 0 ? ['### Start-up', startTable(starts)] : []),
  ];
  return `${sections.map((section) => section.trim()).join('\n\n')}\n`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
