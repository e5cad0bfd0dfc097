// What Ctrl-C does, once and twice.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { interruptSignal } from '../../../infra/cli/interrupt.ts';
import { captureIo } from '../../support/captured-io.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the first Ctrl-C stops the work with an error of code interrupted, and the process goes on to clean up', () => {
  const io = captureIo();
  const { signal } = interruptSignal(io);
  io.interrupt();
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ code: 'interrupted' });
  expect(io.exits).toEqual([]);
});

test('the second Ctrl-C ends the process at once', () => {
  const io = captureIo();
  interruptSignal(io);
  io.interrupt();
  io.interrupt();
  expect(io.exits).toEqual([130]);
});

test('a clean-up that takes too long is cut off', () => {
  const io = captureIo();
  interruptSignal(io, 3000);
  io.interrupt();
  vi.advanceTimersByTime(2999);
  expect(io.exits).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(io.exits).toEqual([130]);
});

test('after the work Ctrl-C is none of its business, and no timer is left', () => {
  const io = captureIo();
  const { signal, release } = interruptSignal(io);
  release();
  io.interrupt();
  vi.advanceTimersByTime(60_000);
  expect(signal.aborted).toBe(false);
  expect(io.exits).toEqual([]);
});

test('a clean-up that is done in time is not cut off later', () => {
  const io = captureIo();
  const { release } = interruptSignal(io, 3000);
  io.interrupt();
  release();
  vi.advanceTimersByTime(60_000);
  expect(io.exits).toEqual([]);
});
