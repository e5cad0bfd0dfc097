// What a progress display knows: copy events go in, nothing is drawn here.
import type { CopyEvent, TargetState } from '../../../shared/mirror/copy-types.ts';

export type BlobProgress = { target: number; digest: string; sizeBytes: number; sentBytes: number };

export type TargetProgress = {
  name: string;
  blobs: number;
  settledBlobs: number;
  /** How the artifacts ended that this target has got so far: one, or one per tag. */
  outcomes: Partial<Record<TargetState, number>>;
};

export type ProgressState = {
  targets: TargetProgress[];
  /** Blobs on their way, by target and digest, in the order in which they started. */
  active: Map<string, BlobProgress>;
  totalBytes: number;
  /** Bytes of blobs that are in place, however they got there. */
  settledBytes: number;
  /** Bytes that crossed, what had to be sent twice included. */
  sentBytes: number;
  /** Recent points of `sentBytes`, oldest first, for the rate. */
  samples: { atMs: number; sentBytes: number }[];
};

const RATE_WINDOW_MS = 5000;
const SAMPLE_EVERY_MS = 100;

/** The state before the first event; `names` are the targets as they are shown. */
export function initialProgress(names: readonly string[], nowMs: number): ProgressState {
  return {
    targets: names.map((name) => ({ name, blobs: 0, settledBlobs: 0, outcomes: {} })),
    active: new Map(),
    totalBytes: 0,
    settledBytes: 0,
    sentBytes: 0,
    samples: [{ atMs: nowMs, sentBytes: 0 }],
  };
}

/** Takes one event into the state, in place. */
export function applyEvent(state: ProgressState, event: CopyEvent, nowMs: number): void {
  if (event.type === 'blob') return applyBlob(state, event, nowMs);
  if (event.type !== 'planned' && event.type !== 'target') return;
  const target = state.targets[event.target];
  if (target === undefined) return;
  if (event.type === 'planned') {
    target.blobs += event.blobs;
    state.totalBytes += event.sizeBytes;
    return;
  }
  target.outcomes[event.report.state] = (target.outcomes[event.report.state] ?? 0) + 1;
}

function applyBlob(state: ProgressState, event: CopyEvent & { type: 'blob' }, nowMs: number): void {
  const key = `${event.target} ${event.digest}`;
  const known = state.active.get(key);
  state.sentBytes += Math.max(0, event.sentBytes - (known?.sentBytes ?? 0));
  sample(state, nowMs);
  if (event.state === 'started' || event.state === 'progress') {
    const { target, digest, sizeBytes, sentBytes } = event;
    state.active.set(key, { target, digest, sizeBytes, sentBytes });
    return;
  }
  state.active.delete(key);
  if (event.state === 'failed') return;
  state.settledBytes += event.sizeBytes;
  const target = state.targets[event.target];
  if (target !== undefined) target.settledBlobs += 1;
}

function sample(state: ProgressState, nowMs: number): void {
  const last = state.samples.at(-1);
  if (last !== undefined && nowMs - last.atMs < SAMPLE_EVERY_MS) return;
  state.samples.push({ atMs: nowMs, sentBytes: state.sentBytes });
  while ((state.samples[1]?.atMs ?? nowMs) < nowMs - RATE_WINDOW_MS) state.samples.shift();
}

/** Bytes in place and on their way to it; never above the total. */
export function doneBytes(state: ProgressState): number {
  let done = state.settledBytes;
  for (const blob of state.active.values()) done += Math.min(blob.sentBytes, blob.sizeBytes);
  return Math.min(done, Math.max(state.totalBytes, state.settledBytes));
}

/** Bytes per second over the last seconds, or undefined before there is enough to tell. */
export function rateOf(state: ProgressState, nowMs: number): number | undefined {
  const first = state.samples.find((point) => point.atMs >= nowMs - RATE_WINDOW_MS) ?? state.samples.at(-1);
  if (first === undefined || nowMs - first.atMs < 500) return undefined;
  return ((state.sentBytes - first.sentBytes) * 1000) / (nowMs - first.atMs);
}
