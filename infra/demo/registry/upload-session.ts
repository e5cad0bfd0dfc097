// Upload sessions: a draft, the hash of what it holds, and the rules on the order of chunks.
//
//   POST ──▶ open ──PATCH──▶ open ──PUT digest──▶ published (201)
//              │               │  └─ wrong digest ─▶ gone (400)
//              └──── DELETE, cut with onCut=drop ──▶ gone (404 afterwards)
import { createHash, randomUUID, type Hash } from 'node:crypto';
import type { ContentStore, Draft } from './content-store.ts';
import { algorithmOf, type Algorithm } from './names.ts';
import { refusal } from './reply.ts';
import type { UploadOptions } from './options.ts';

export type UploadSession = {
  id: string;
  repository: string;
  draft: Draft;
  algorithm: Algorithm;
  hash: Hash;
  sizeBytes: number;
  /** What the newest Location carries, if `locationState` is on. */
  state: string;
  /** The chunk before was shorter than the minimum, so it must have been the last. */
  closedByShortChunk: boolean;
  /** Chunks of one session are taken one after the other. */
  turn: Promise<unknown>;
};

export type UploadTable = Map<string, UploadSession>;

export async function openSession(
  uploads: UploadTable,
  store: ContentStore,
  repository: string,
  algorithm: Algorithm,
): Promise<UploadSession> {
  const session: UploadSession = {
    id: randomUUID(),
    repository,
    draft: await store.draft(),
    algorithm,
    hash: createHash(algorithm),
    sizeBytes: 0,
    state: newState(),
    closedByShortChunk: false,
    turn: Promise.resolve(),
  };
  uploads.set(session.id, session);
  return session;
}

/** A state with characters that clients spoil when they parse and rebuild the query. */
function newState(): string {
  return `${randomUUID().slice(0, 8)}~%2B%20=`;
}

/** Runs a task when the tasks before it on the same session are done. */
export function takeTurn<T>(session: UploadSession, task: () => Promise<T>): Promise<T> {
  const run = session.turn.then(task);
  session.turn = run.catch(() => {});
  return run;
}

/** Appends a body to the session while hashing it; a cut leaves what came, or ends the session. */
export async function receive(
  uploads: UploadTable,
  session: UploadSession,
  body: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<void> {
  const before = session.sizeBytes;
  try {
    for await (const chunk of body) {
      await session.draft.append(chunk);
      session.hash.update(chunk);
      session.sizeBytes += chunk.length;
    }
  } catch (error) {
    if (options.onCut === 'drop') await dropSession(uploads, session);
    throw error;
  } finally {
    session.state = newState();
  }
  const received = session.sizeBytes - before;
  session.closedByShortChunk = received > 0 && received < (options.minChunkBytes ?? 0);
}

/** Ends the session with a 400 DIGEST_INVALID if its bytes have another digest. */
export async function verifySession(uploads: UploadTable, session: UploadSession, digest: string): Promise<void> {
  const actual = `${algorithmOf(digest)}:${await hexOf(session, algorithmOf(digest))}`;
  if (actual !== digest) {
    await dropSession(uploads, session);
    throw refusal(400, 'DIGEST_INVALID', `the content has digest ${actual}, not ${digest}`);
  }
}

/** Ends the session: its verified bytes become content. */
export async function publishSession(uploads: UploadTable, session: UploadSession, digest: string): Promise<void> {
  uploads.delete(session.id);
  await session.draft.publish(digest);
}

export async function dropSession(uploads: UploadTable, session: UploadSession): Promise<void> {
  if (uploads.delete(session.id)) await session.draft.discard();
}

async function hexOf(session: UploadSession, algorithm: Algorithm): Promise<string> {
  if (algorithm === session.algorithm) return session.hash.digest('hex');
  // The client did not announce the algorithm when it opened the session.
  const hash = createHash(algorithm);
  for await (const chunk of session.draft.read()) hash.update(chunk);
  return hash.digest('hex');
}
