// What the copies of a long-lived process share: where blobs and manifests are, so that jobs that run side by side send a blob once.
// These are claims about registries, whose clean-up we are not told of: they hold for minutes, not for the life of the process.
import { createCopySession } from './session.ts';
import type { CopySession, RegistryDirectory } from './session.ts';

export type SharedLedgers = {
  /** A session for one copy: ledgers in common, while slots and what is listed at the source are its own. */
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
      const { blobs, manifests, withoutReferrersApi, buffers } = shared.session;
      // A hanging registry keeps the slots of its own copies only; a list of tags may lack a signature that came since.
      return { ...createCopySession(registries), blobs, manifests, withoutReferrersApi, buffers };
    },
  };
}
