// Draws what the targets of the demo have got so far: one line each.
import type { ProgressEvent } from '../../demo/demo-event.ts';
import { bar } from './bar.ts';
import type { Canvas } from './progress-lines.ts';
import { formatBytes } from './units.ts';

const MAX_BAR_WIDTH = 30;
const MIN_BAR_WIDTH = 6;

/** A line for each target, none wider than the terminal. */
export function demoProgressLines(
  event: ProgressEvent | undefined,
  { columns, style, glyphs }: Omit<Canvas, 'nowMs'>,
): string[] {
  return (event?.targets ?? []).map(({ reference, receivedBytes, sizeBytes }) => {
    const isWaiting = receivedBytes === 0;
    const facts = isWaiting ? 'waiting' : `${formatBytes(receivedBytes)} of ${formatBytes(sizeBytes)}`;
    // the last column stays free: some terminals wrap as soon as it is filled
    const width = Math.min(MAX_BAR_WIDTH, columns - reference.length - facts.length - 7);
    if (width < MIN_BAR_WIDTH) return `  ${reference}  ${facts}`.slice(0, columns - 1);
    const share = sizeBytes === 0 ? 0 : receivedBytes / sizeBytes;
    return `  ${reference}  ${style('cyan', bar(share, width, glyphs))}  ${facts}`;
  });
}
