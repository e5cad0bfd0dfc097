// Draws the state of a copy as lines of text: a pure function of the state, the width and the time.
import type { TargetState } from '../../../shared/mirror/copy-types.ts';
import { bar, type Glyphs } from './bar.ts';
import { doneBytes, rateOf, type BlobProgress, type ProgressState, type TargetProgress } from './progress-state.ts';
import type { Style } from './style.ts';
import { count, formatBytes, formatDuration, shortDigest } from './units.ts';

export type Canvas = { columns: number; nowMs: number; style: Style; glyphs: Glyphs };

const MAX_LINES = 8;
const MAX_TARGET_LINES = 3;
const MIN_BAR_WIDTH = 6;
const MAX_BAR_WIDTH = 30;
const OUTCOMES: readonly TargetState[] = ['copied', 'unchanged', 'planned', 'refused', 'failed'];

/** At most eight lines, none wider than the terminal: blobs on their way, targets, the total. */
export function progressLines(state: ProgressState, canvas: Canvas): string[] {
  const targets = targetLines(state, canvas);
  const room = MAX_LINES - targets.length - 1;
  return [...blobLines(state, room, canvas), ...targets, totalLine(state, canvas)];
}

/** One line per digest: a blob on its way to several targets is one read, and shows the slowest of them. */
function blobLines(state: ProgressState, room: number, canvas: Canvas): string[] {
  const byDigest = new Map<string, BlobProgress & { copies: number }>();
  for (const blob of state.active.values()) {
    const seen = byDigest.get(blob.digest);
    const sentBytes = Math.min(seen?.sentBytes ?? Infinity, blob.sentBytes);
    byDigest.set(blob.digest, { ...blob, sentBytes, copies: (seen?.copies ?? 0) + 1 });
  }
  const blobs = [...byDigest.values()];
  const shown = blobs.length > room ? room - 1 : room;
  const lines = blobs.slice(0, shown).map((blob) => blobLine(blob, canvas));
  if (blobs.length > shown) lines.push(dimmed(`  and ${count(blobs.length - shown, 'more blob')}`, canvas));
  return lines;
}

function blobLine(blob: BlobProgress & { copies: number }, canvas: Canvas): string {
  const sizes = `${formatBytes(blob.sentBytes)}/${formatBytes(blob.sizeBytes)}`.padStart(20);
  const copies = blob.copies > 1 ? ` to ${blob.copies} targets` : '';
  return barLine(`  ${shortDigest(blob.digest)}`, blob.sentBytes / blob.sizeBytes, [`${sizes}${copies}`], canvas);
}

function targetLines(state: ProgressState, canvas: Canvas): string[] {
  if (state.targets.length <= MAX_TARGET_LINES) return state.targets.map((target) => targetLine(target, canvas));
  const finished = state.targets.filter((target) => outcomesOf(target) !== '').length;
  return [fit(`  ${finished} of ${state.targets.length} targets finished`, canvas)];
}

function targetLine(target: TargetProgress, canvas: Canvas): string {
  const outcome =
    outcomesOf(target) || (target.blobs === 0 ? 'waiting' : `${target.settledBlobs}/${target.blobs} blobs`);
  const room = canvas.columns - 1 - outcome.length - 4;
  const name = room < 8 ? '' : `${shorten(target.name, room)}  `;
  return fit(`  ${name}${outcome}`, canvas);
}

function outcomesOf(target: TargetProgress): string {
  const several = Object.values(target.outcomes).reduce((sum, number) => sum + number, 0) > 1;
  const parts = OUTCOMES.flatMap((state) => {
    const number = target.outcomes[state];
    if (number === undefined) return [];
    return several ? `${number} ${state}` : state;
  });
  return parts.join(', ');
}

function totalLine(state: ProgressState, canvas: Canvas): string {
  const done = doneBytes(state);
  const share = state.totalBytes === 0 ? 0 : done / state.totalBytes;
  const rate = rateOf(state, canvas.nowMs);
  const facts = [`${Math.floor(share * 100)}%`.padStart(4), `${formatBytes(done)}/${formatBytes(state.totalBytes)}`];
  if (rate !== undefined && rate > 0) {
    facts.push(`${formatBytes(rate)}/s`);
    if (state.totalBytes > done) facts.push(`ETA ${formatDuration(((state.totalBytes - done) / rate) * 1000)}`);
  }
  return barLine('  total       ', share, facts, canvas);
}

/** Label, bar, facts; on a narrow terminal first facts go (the last ones first), then the bar, then what is left is cut. */
function barLine(label: string, share: number, facts: readonly string[], canvas: Canvas): string {
  for (let kept = facts.length; kept > 0; kept -= 1) {
    const text = facts.slice(0, kept).join('  ');
    const width = Math.min(MAX_BAR_WIDTH, canvas.columns - 1 - label.length - text.length - 3);
    if (width < MIN_BAR_WIDTH) continue;
    return `${label} ${canvas.style('cyan', bar(share, width, canvas.glyphs))}  ${text}`;
  }
  return fit(`${label} ${(facts[0] ?? '').trim()}`, canvas);
}

function dimmed(text: string, canvas: Canvas): string {
  return canvas.style('dim', fit(text, canvas));
}

/** The last column stays free: some terminals wrap as soon as it is filled. */
function fit(text: string, { columns }: Canvas): string {
  return text.slice(0, Math.max(1, columns - 1));
}

/** Keeps the end of a reference, where its name and tag are. */
function shorten(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(text.length - length + 1)}`;
}
