// One target of a copy while it runs: where it is, what it cost, and what is told about it.
import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../oci/reference.ts';
import type { RequestMeter } from '../oci/registry-request.ts';
import type { Repository } from '../oci/repository.ts';
import type { CopyEvent } from './copy-types.ts';
import type { Slices } from './slices.ts';

/** How a blob got to a target. */
type Arrival = 'copied' | 'mounted' | 'existing';
type BlobState = Extract<CopyEvent, { type: 'blob' }>['state'];

export type Target = {
  /** Position in the request's list. */
  index: number;
  reference: Reference;
  repository: Repository;
  meter: RequestMeter;
  blobs: Record<Arrival, number>;
  /** The blobs that stand in `blobs`, by digest: each is counted once, and as copied where it ever was. */
  counted: Map<string, Arrival>;
  bytesMoved: number;
  bytesSaved: number;
  referrers: number;
  startedAt: number;
  tell: (event: CopyEvent) => void;
  /** Where the copy may be cut off at any time and go on later. */
  slices?: Slices;
};

/** Counts and tells how a blob got there. */
export function recordBlob(target: Target, blob: Descriptor, how: Arrival): void {
  count(target, blob, how);
  if (how === 'copied') target.bytesMoved += blob.size;
  tellBlob(target, blob, how, how === 'copied' ? blob.size : 0);
}

/** Counts a blob that did not have to be asked for; one that this copy brought itself stays what it was. */
export function countHeld(target: Target, blob: Descriptor): void {
  if (!target.counted.has(blob.digest)) count(target, blob, 'existing');
}

function count(target: Target, { digest, size }: Descriptor, how: Arrival): void {
  const before = target.counted.get(digest);
  if (before === 'copied') return;
  if (before !== undefined) {
    target.blobs[before] -= 1;
    target.bytesSaved -= size;
  }
  target.counted.set(digest, how);
  target.blobs[how] += 1;
  if (how !== 'copied') target.bytesSaved += size;
}

export function tellBlob(target: Target, blob: Descriptor, state: BlobState, sentBytes: number): void {
  target.tell({ type: 'blob', target: target.index, digest: blob.digest, sizeBytes: blob.size, state, sentBytes });
}
