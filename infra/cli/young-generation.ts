// Keeps the memory of a command small that moves large blobs.
import { setFlagsFromString } from 'node:v8';
import type { CopyEvent } from '../../shared/mirror/copy-types.ts';

const LARGE_BYTES = 16 * 1024 * 1024;

/**
 * Passes the events of copies on. Before the first large one moves, the young generation is told to stay at 1 MiB: parts of blobs
 * are garbage at once, and a larger one would let them grow old. Not earlier: a changed flag makes Node compile anew what it loads
 * afterwards, its own modules included, which costs a short command a tenth of its time.
 */
export function youngGenerationKeeper<Rest extends unknown[]>(
  onEvent: (event: CopyEvent, ...rest: Rest) => void,
): (event: CopyEvent, ...rest: Rest) => void {
  let isKept = false;
  return (event, ...rest) => {
    if (!isKept && event.type === 'planned' && event.sizeBytes >= LARGE_BYTES) {
      isKept = true;
      setFlagsFromString('--semi-space-growth-factor=1');
    }
    onEvent(event, ...rest);
  };
}
