// Jobs and their history for people.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import type { HistoryLine } from '../server/follow-job.ts';
import { subjectOf, targetsOf, type JobSummary, type JobView } from '../server/shapes.ts';
import { ago } from './ago.ts';
import { printFacts } from './facts.ts';
import { printProblem } from './print-error.ts';
import type { Colour, Style } from './style.ts';
import { printTable } from './table-with-heading.ts';

const COLOURS: Readonly<Record<string, Colour>> = {
  READY: 'cyan',
  LEASED: 'cyan',
  DONE: 'green',
  DEAD: 'red',
  CANCELLED: 'yellow',
  SUPERSEDED: 'dim',
  copied: 'green',
  unchanged: 'green',
  refused: 'yellow',
  failed: 'red',
};

export function coloured(state: string, style: Style): string {
  const colour = COLOURS[state];
  return colour === undefined ? printable(state) : style(colour, state);
}

export function printJobs(context: Context, jobs: readonly JobSummary[], style: Style): void {
  const nowMs = Date.now();
  const rows = jobs.map(({ id, state, kind, acceptedAt, attempts, targets, problem }) => [
    printable(id),
    coloured(state, style),
    printable(kind),
    ago(acceptedAt, nowMs),
    String(attempts),
    [shownTargets(targets), problem === undefined ? '' : style('dim', printable(problem.code))].join(' ').trim(),
  ]);
  printTable(context, ['ID', 'STATE', 'KIND', 'ACCEPTED', 'TRIES', 'TARGETS'], rows, 'no jobs');
}

/** `rule:` is how the store names what a sweep holds. */
function shownTargets(targets: readonly string[]): string {
  const [first = '', ...others] = targets;
  return printable(first.replace(/^rule:/, 'rule ')) + (others.length === 0 ? '' : ` +${others.length}`);
}

/** All that is known of one job. */
export function printJob(context: Context, job: JobView, style: Style): void {
  const waits = job.state === 'READY' && Date.parse(job.runAt) > Date.now();
  printFacts(context, [
    ['job', printable(job.id)],
    ['kind', printable(job.kind)],
    ['state', coloured(job.state, style)],
    ['of', shown(subjectOf(job))],
    ['accepted', `${printable(job.acceptedAt)} (${ago(job.acceptedAt, Date.now())})`],
    ['next try', waits ? `${printable(job.runAt)} (${ago(job.runAt, Date.now())})` : undefined],
    [
      'finished',
      job.finishedAt === undefined ? undefined : `${printable(job.finishedAt)} (${ago(job.finishedAt, Date.now())})`,
    ],
    ['tries', `${job.attempts} of ${job.maxAttempts} without progress`],
    ['replaced by', shown(job.supersededBy)],
  ]);
  const reports = targetsOf(job);
  const rows = job.targets.map((target) => {
    const report = reports.find(({ reference }) => reference === target);
    return [
      `  ${printable(target)}`,
      report === undefined ? '' : coloured(report.state, style),
      printable(report?.digest ?? ''),
    ];
  });
  printTable(context, ['  TARGET', 'BECAME', 'DIGEST'], rows, 'no targets');
  for (const { error } of reports)
    if (error !== undefined && error.message !== job.problem?.message)
      printProblem(withoutUndefined(error), context.io, context.globals);
  if (job.problem !== undefined) printProblem(withoutUndefined(job.problem), context.io, context.globals);
}

/** One line of a job's history. */
export function historyLine({ at, type, data }: HistoryLine, style: Style): string {
  const text = JSON.stringify(data);
  const told = text === undefined || text === 'null' || text === '{}' ? '' : printable(text, 200);
  return [style('dim', printable(at)), printable(type), told].join('  ').trimEnd();
}

function shown(text: string | undefined): string | undefined {
  return text === undefined ? undefined : printable(text);
}

function withoutUndefined({ code, message, hint }: { code: string; message: string; hint?: string | undefined }) {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
