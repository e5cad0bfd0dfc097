// Uploads in parts by an interface that a registry has beside its own: the way for large blobs that may have to go on in another
// process, where the registry's own sessions do not.
import type { Descriptor } from './descriptor.ts';

/** The repository, who counts the requests, and who may call them off. */
export type PartsTarget = { name: string; meter?: { requests: number }; signal?: AbortSignal };

/** What names an upload, as checkpoints keep it: the location is no address. Each part but the last has that size. */
export type PartsUpload = { location: URL; leastChunkBytes: number };

export type LayerParts = {
  /** Whether a blob can go this way at all. */
  takes(blob: Descriptor): boolean;
  /** Begins an upload in a repository that is there. @throws TransshipError what the registry answered */
  begin(target: PartsTarget, blob: Descriptor): Promise<PartsUpload>;
  /** Whether what was kept names one of these; whether the registry still has it, only the next part tells. */
  isOne(upload: PartsUpload): boolean;
  /**
   * Sends the part behind what the registry has. One that it has already, after a lost answer, is a success.
   * @throws TransshipError upload-lost where the upload is gone or stands elsewhere, and what the registry answered
   */
  send(target: PartsTarget, upload: PartsUpload, part: Uint8Array, offset: number): Promise<void>;
  /**
   * Makes the parts a layer; one that is there already is a success.
   * @throws TransshipError digest-mismatch, upload-lost, and what the registry answered
   */
  finish(target: PartsTarget, upload: PartsUpload, digest: string): Promise<void>;
  close(): void;
};
