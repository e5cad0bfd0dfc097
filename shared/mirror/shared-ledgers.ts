// What the copies of a long-lived process share: where blobs may be mounted from, so that jobs that run side by side send a blob once.
// These are claims about registries, whose clean-up we are not told of: they hold for minutes, and only where the answer to a mount
// tells whether they are true. What a target itself lacks every copy finds out anew: a registry may take an index without its parts.
import { createBlobLedger } from './blob-ledger.ts';
import type { BlobLedger } from './blob-ledger.ts';
import { createCopySession } from './session.ts';
import type { CopySession, RegistryDirectory } from './session.ts';

export type SharedLedgers = {
  /** A session for one copy: places to mount from in common, while manifests, slots and what is listed at the source are its own. */
  session(registries: RegistryDirectory): CopySession;
};

const BELIEVED_FOR_MS = 5 * 60_000;

/** @param now milliseconds since the epoch */
export function createSharedLedgers(now: () => number): SharedLedgers {
  let shared: { session: CopySession; since: number } | undefined;

  return {
    session(registries) {
      // After a reload the same host may be another registry.
      if (shared?.session.registries !== registries || now() - shared.since >= BELIEVED_FOR_MS) {
        shared = { session: createCopySession(registries), since: now() };
      }
      const { blobs, withoutReferrersApi, buffers } = shared.session;
      // A hanging registry keeps the slots of its own copies only; a list of tags may lack a signature that came since.
      return { ...createCopySession(registries), blobs: ownView(blobs), withoutReferrersApi, buffers };
    },
  };
}

/** A target repository holds what this copy put or saw there; others' blobs are places to mount from, and uploads to wait for. */
function ownView(shared: BlobLedger): BlobLedger {
  const own = createBlobLedger();
  return {
    holds: (registry, repository, digest) => own.holds(registry, repository, digest),
    find: (registry, digest, except) => own.find(registry, digest, except) ?? shared.find(registry, digest, except),
    note(registry, repository, digest) {
      own.note(registry, repository, digest);
      shared.note(registry, repository, digest);
    },
    forget(registry, repository, digest) {
      own.forget(registry, repository, digest);
      shared.forget(registry, repository, digest);
    },
    underway: (registry, digest) => shared.underway(registry, digest),
    lead: (registry, digest) => shared.lead(registry, digest),
  };
}
