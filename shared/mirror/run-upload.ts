// One upload of a blob to one target, from its session to its end in either way.
import type { Descriptor } from '../oci/descriptor.ts';
import type { Repository } from '../oci/repository.ts';
import { cancelUpload } from '../oci/uploads.ts';
import type { UploadSession } from '../oci/uploads.ts';
import type { CopySession } from './session.ts';
import { recordBlob, tellBlob } from './target.ts';
import type { Target } from './target.ts';

/** `source` errors concern every target: no further try can help. */
export type BlobFailure = { of: 'source' | 'target'; error: unknown };

/** A session that waits for the blob; `endLead` lets others of the same registry go on. */
export type OpenUpload = { target: Target; upload: UploadSession; endLead: () => void };

/** One blob on its way to some targets: what all its uploads share. */
export type BlobTransfer = {
  blob: Descriptor;
  source: Repository;
  session: CopySession;
  /** Gets the targets that could not take the blob. */
  failures: Map<Target, BlobFailure>;
};

/**
 * Runs it: told, noted, and cancelled where it failed.
 * @param leftOver the session that nobody needs after a failure
 */
export async function runUpload(
  { target, upload, endLead }: OpenUpload,
  { blob, session, failures }: BlobTransfer,
  uploading: () => Promise<void>,
  leftOver: () => UploadSession | undefined = () => upload,
): Promise<void> {
  try {
    tellBlob(target, blob, 'started', 0);
    await uploading();
    session.blobs.note(target.repository.registry.host, target.repository.name, blob.digest);
    recordBlob(target, blob, 'copied');
  } catch (error) {
    tellBlob(target, blob, 'failed', 0);
    failures.set(target, { of: 'target', error });
    cancelBehind(target, leftOver(), session);
  } finally {
    endLead();
  }
}

/** Nobody waits for it here: a target that hangs must not hold the others back. */
export function cancelBehind(target: Target, upload: UploadSession | undefined, session: CopySession): void {
  if (upload === undefined) return;
  const cancelling = cancelUpload(target.repository, upload).then(() => void session.loose.delete(cancelling));
  session.loose.add(cancelling);
}
