// Uploads in parts by an interface that a registry has beside its own: the way for large blobs that may have to go on in another
// process, where the registry's own sessions do not.
import type { Descriptor } from './descriptor.ts';
import type { Repository } from './repository.ts';
import type { UploadSession } from './uploads.ts';

export type LayerParts = {
  /** Whether a blob can go this way at all. */
  takes(blob: Descriptor): boolean;
  /**
   * Begins an upload in a repository that is there. `leastChunkBytes` of the session is the size of each part but the last; its location
   * names the upload and is no address.
   * @throws TransshipError what the registry answered
   */
  begin(repository: Repository, blob: Descriptor): Promise<UploadSession>;
  /** Whether a session that was kept is one of these; whether the registry still has it, only the next part tells. */
  isOne(session: UploadSession): boolean;
  /**
   * Sends the part behind what the registry has. One that it has already, after a lost answer, is a success.
   * @throws TransshipError upload-lost where the upload is gone or stands elsewhere, and what the registry answered
   */
  send(repository: Repository, session: UploadSession, part: Uint8Array, offset: number): Promise<void>;
  /**
   * Makes the parts a layer; one that is there already is a success.
   * @throws TransshipError digest-mismatch, upload-lost, and what the registry answered
   */
  finish(repository: Repository, session: UploadSession, digest: string): Promise<void>;
  close(): void;
};
