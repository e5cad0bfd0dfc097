// Turns the events of a copy into what a job's history shows of it: per target its state, blobs and bytes, small enough for one line.
import type { Json } from '../../shared/jobs/json.ts';
import type { CopyEvent } from '../../shared/mirror/copy-types.ts';

type Shown = { target: number; state: string; blobs: number; blobsDone: number; sizeBytes: number; sentBytes: number };

/** A line of a history holds 4 KiB, a target's entry at most 110 bytes. */
const MOST_SHOWN = 32;

/**
 * Hears all events of a copy and tells the whole state after each that changes it. `target` is the index into the job's targets;
 * of many targets those are told that are not done yet, then the others, with the number of all in `targets`.
 */
export function mirrorProgress(targets: number, tell: (data: Json) => void): (event: CopyEvent) => void {
  const shown = Array.from({ length: targets }, (_, target): Shown => ({ target, state: 'waiting', ...NOTHING }));
  const sent = shown.map(() => new Map<string, number>());
  let digest: string | undefined;

  return (event) => {
    if (!note(event)) return;
    const open = shown.filter(({ state }) => state === 'waiting' || state === 'copying');
    const ended = shown.filter((one) => !open.includes(one));
    tell({ digest, targets, progress: [...open, ...ended].slice(0, MOST_SHOWN) });
  };

  function note(event: CopyEvent): boolean {
    if (event.type === 'resolved') {
      digest = event.digest;
      return true;
    }
    if (event.type !== 'planned' && event.type !== 'blob' && event.type !== 'target') return false;
    const one = shown[event.target];
    if (one === undefined) return false;
    if (event.type === 'target') one.state = event.report.state;
    else one.state = 'copying';
    if (event.type === 'planned') Object.assign(one, { ...NOTHING, blobs: event.blobs, sizeBytes: event.sizeBytes });
    if (event.type === 'blob') noteBlob(one, event);
    return true;
  }

  function noteBlob(one: Shown, event: Extract<CopyEvent, { type: 'blob' }>): void {
    const isDone = event.state === 'copied' || event.state === 'mounted' || event.state === 'existing';
    if (isDone) one.blobsDone += 1;
    const bytes = sent[event.target];
    if (bytes === undefined) return;
    const now = event.state === 'failed' ? 0 : event.sentBytes;
    one.sentBytes += now - (bytes.get(event.digest) ?? 0);
    if (isDone) bytes.delete(event.digest);
    else bytes.set(event.digest, now);
  }
}

const NOTHING = { blobs: 0, blobsDone: 0, sizeBytes: 0, sentBytes: 0 };
