// The port through which a copy that may be cut off at any time keeps how far its large blobs are.
import type { ChunkBuffers } from './chunk-buffers.ts';
import type { UploadCheckpoint } from './upload-checkpoint.ts';

export type Slices = {
  /** Fires when the copy should come to a safe point: no blob begins any more, large ones stop after their chunk. */
  ending: AbortSignal;
  /** Blobs of this size and more go in chunks, each followed by a checkpoint, where the registry can go on with them. */
  leastBytes: number;
  buffers: ChunkBuffers;
  load(target: string, digest: string): UploadCheckpoint | undefined;
  /** Durable when it resolves. @throws TransshipError fence-lost, after which nothing more may be sent */
  save(checkpoint: UploadCheckpoint): Promise<void>;
  /** Its upload is over, or lost. */
  drop(target: string, digest: string): void;
  /** Hears of an upload that an earlier slice began. */
  onFound(registry: string, how: 'resumed' | 'restarted'): void;
};
