// Writes the documentation of a run: the page with its tables, the plots, and the raw figures as JSON, formatted as `npm run check` wants them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { groupCopies } from './copy-groups.ts';
import { PLOT_FILES, renderResults, replaceResults } from './document.ts';
import { memoryPlot, receiverPlot, wallPlot } from './plots.ts';
import type { Results } from './results.ts';

const PAGE = 'performance.md';
const RAW = 'performance.json';
const ROOT = path.resolve(import.meta.dirname, '../..');
const OUR_PAGE = path.join(ROOT, 'docs', PAGE);
const FORMATTER = path.join(ROOT, 'node_modules/.bin/oxfmt');

/** Into a folder without the page goes a copy of ours with the new results. */
export function writeResults(folder: string, results: Results): void {
  mkdirSync(folder, { recursive: true });
  const page = path.join(folder, PAGE);
  const document = readFileSync(existsSync(page) ? page : OUR_PAGE, 'utf8');
  writeFileSync(page, replaceResults(document, renderResults(results)));
  const raw = path.join(folder, RAW);
  writeFileSync(raw, JSON.stringify(results, rounded));
  execFileSync(process.execPath, [FORMATTER, page, raw], { cwd: ROOT, stdio: 'pipe' });
  if (results.receivers.length > 0) {
    writeFileSync(path.join(folder, PLOT_FILES.receivers), receiverPlot(results.receivers));
  }
  const groups = groupCopies(results.copies);
  if (groups.length === 0) return;
  writeFileSync(path.join(folder, PLOT_FILES.wall), wallPlot(groups));
  writeFileSync(path.join(folder, PLOT_FILES.memory), memoryPlot(groups));
}

/** To tenths: what is finer is noise. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 10) / 10 : value;
}
