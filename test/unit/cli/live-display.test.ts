// The live display on a terminal: cursor, redraws, widths.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { erase, startLiveDisplay } from '../../../infra/cli/output/live-display.ts';
import { captureIo } from '../../support/captured-io.ts';

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a live display', () => {
  test('hides the cursor while it draws and gives it back', () => {
    const io = captureIo({ isTTY: true });
    const display = startLiveDisplay(io, () => ['one', 'two']);
    expect(io.stderr.text()).toBe(`${HIDE}one\ntwo`);
    display.stop();
    expect(io.stderr.text().endsWith(`\u001b[1A\r\u001b[0J${SHOW}`)).toBe(true);
  });

  test('gives the cursor back when the process ends in the middle', () => {
    const io = captureIo({ isTTY: true });
    startLiveDisplay(io, () => ['one']);
    io.end();
    expect(io.stderr.text().endsWith(SHOW)).toBe(true);
  });

  test('draws over itself ten times a second with the width of the moment', () => {
    const io = captureIo({ isTTY: true, columns: 80 });
    const widths: number[] = [];
    const display = startLiveDisplay(io, (columns) => {
      widths.push(columns);
      return ['x'];
    });
    io.stderr.columns = 40;
    vi.advanceTimersByTime(200);
    display.stop();
    vi.advanceTimersByTime(1000);
    expect(widths).toEqual([80, 40, 40]);
  });

  test('keeps logged lines above itself', () => {
    const io = captureIo({ isTTY: true });
    startLiveDisplay(io, () => ['bar']).log('warning: x');
    expect(io.stderr.text()).toBe(`${HIDE}bar\r\u001b[0Jwarning: x\nbar`);
  });

  test('erases the rows that lines take after the window became narrower', () => {
    expect(erase(['x'.repeat(79), 'y'.repeat(20)], 40)).toBe('\u001b[2A\r\u001b[0J');
    expect(erase([], 40)).toBe('');
  });
});
