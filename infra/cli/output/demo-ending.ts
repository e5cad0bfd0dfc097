// How the demo ends: what it came to, in a table, and what to do next.
import { relative } from 'node:path';
import type { ArrivedEvent, DemoReport, KeptStage } from '../../demo/demo-event.ts';
import type { Style } from './style.ts';
import { alignColumns } from './table.ts';
import { count, formatBytes, formatDuration } from './units.ts';

export function demoEnding(report: DemoReport, style: Style, launcher: string): string[] {
  const { proved, images, hashedBytes, durationMs, kept } = report;
  const verdict = proved
    ? style('green', `Proved: ${formatBytes(hashedBytes)} read back and hashed; ${formatDuration(durationMs)} in all.`)
    : style('red', 'Not proved.');
  const transship = commandName(launcher);
  const header = ['image', 'told by', 'jobs', 'there after', 'sent', 'saved'];
  const [titles = '', ...rows] = alignColumns([header, ...images.map(summaryRow)].map(indented));
  const next = kept === undefined ? nextSteps(transship) : waysToLook(kept, transship, style);
  return ['', style('bold', titles), ...rows, '', verdict, '', ...next];
}

function summaryRow({ reference, chapter, job, jobs, notifications, targets }: Omit<ArrivedEvent, 'type'>): string[] {
  const sumOf = (field: 'receivedBytes' | 'bytesSaved') => targets.reduce((sum, target) => sum + target[field], 0);
  return [
    reference.slice(reference.indexOf('/') + 1),
    job.trigger === 'push' ? count(notifications, 'webhook') : `a ${job.trigger}`,
    chapter === 'kill' ? `${jobs}, killed` : String(jobs),
    formatDuration(Math.max(...targets.map(({ latencyMs }) => latencyMs))),
    formatBytes(sumOf('receivedBytes')),
    formatBytes(sumOf('bytesSaved')),
  ];
}

function indented([first = '', ...others]: readonly string[]): string[] {
  return [`  ${first}`, ...others];
}

function nextSteps(transship: string): string[] {
  return alignColumns([
    ['Look around:', `${transship} demo --keep leaves everything up`],
    ['Your images:', `${transship} copy --help`],
    ['Your server:', `${transship} config example > transship.yaml`],
    ['', `${transship} serve`],
  ]);
}

function waysToLook(
  { source, open, locked, authfile, config, log, url }: KeptStage,
  transship: string,
  style: Style,
): string[] {
  return [
    style('bold', 'Registries and server stay up until Ctrl-C.'),
    '',
    'Push something, and look for it at the targets:',
    `  ${transship} copy ${source}/demo/worker:1.0 ${source}/demo/app:2.0`,
    `  skopeo copy --all --src-tls-verify=false --dest-tls-verify=false docker://${open}/demo/worker:1.0 docker://${source}/demo/app:2.1`,
    `  ${transship} tags --digests ${open}/demo/app`,
    `  skopeo inspect --raw --tls-verify=false --authfile ${authfile} docker://${locked}/demo/app:2.1`,
    `  docker pull ${open}/demo/app:1.0`,
    '',
    'Ask the server:',
    `  ${transship} jobs list --kind mirror -c ${config}`,
    `  ${transship} events list -c ${config}`,
    `  curl ${url}/metrics`,
    '',
    'Read how it is set up, and what it logs:',
    `  less ${config}`,
    `  less ${log}`,
  ];
}

/** In a checkout there is no `transship` on the PATH. */
function commandName(launcher: string): string {
  return import.meta.url.endsWith('.ts') ? `node ${relative(process.cwd(), launcher)}` : 'transship';
}
