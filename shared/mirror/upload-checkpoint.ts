// What is kept of an upload so that another process can go on with it, and the decision where it goes on. No I/O here.

export type UploadCheckpoint = {
  /** Registry and repository that the blob is sent to. */
  target: string;
  digest: string;
  /** The session's newest Location; checked anew by the egress guard each time that it is asked. */
  location: string;
  /** OCI-Chunk-Min-Length of the session. */
  leastChunkBytes: number;
  /** Bytes that the registry acknowledged; the hash state is that of exactly these. */
  offset: number;
  hash: { library: string; state: string };
  /** Registry and repository that the blob was read from, and its ETag there. */
  source: string;
  etag?: string;
};

export type Resume =
  /** The first `rehashBytes` after the checkpoint are at the registry, but not in the hash yet. */
  { go: 'on'; offset: number; rehashBytes: number } | { go: 'restart' };

const MOST_LOCATION_LENGTH = 4096;

/**
 * Where an upload goes on, from what was acknowledged and what the registry says that it holds. A registry may hold more than it
 * acknowledged, by a chunk whose answer was lost; it never holds more than was sent, and a hash cannot go back.
 * @param heldBytes what the session told; undefined where it is gone
 * @param sentBytes length of the chunk that may have been under way
 */
export function decideResume(
  acknowledged: { offset: number; sizeBytes: number },
  heldBytes: number | undefined,
  how: 'status' | 'location',
  sentBytes: number,
): Resume {
  const { offset, sizeBytes } = acknowledged;
  if (heldBytes === undefined) return { go: 'restart' };
  const ahead = heldBytes - offset;
  // Quay counts one more in this answer than in all others.
  if (how === 'location') return ahead === 0 || ahead === 1 ? { go: 'on', offset, rehashBytes: 0 } : { go: 'restart' };
  if (ahead < 0 || ahead > sentBytes || heldBytes > sizeBytes) return { go: 'restart' };
  return { go: 'on', offset: heldBytes, rehashBytes: ahead };
}

/**
 * False for a Location that is a credential by itself: a signed URL of a storage service, or one with a user name.
 * A state that a registry signed (distribution's `_state`) opens nothing without a login.
 */
export function isStorable(location: URL): boolean {
  if (location.username !== '' || location.password !== '' || location.href.length > MOST_LOCATION_LENGTH) return false;
  return [...location.searchParams.keys()].every((name) => !SIGNS.test(name));
}

const SIGNS = /^(x-(amz|goog|ms)-.*|sig|signature|.*token|.*key|.*secret|.*credential|policy)$/i;

/** Strong ETags differ where content differs; weak ones, or none, say nothing. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 */
export function isOtherContent(before: string | undefined, now: string | undefined): boolean {
  if (before === undefined || now === undefined || before.startsWith('W/') || now.startsWith('W/')) return false;
  return before !== now;
}
