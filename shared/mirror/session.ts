// What several copies of one process share: what is known of blobs and manifests, and how much runs at once.
import { createBufferPool } from '../oci/http/buffer-pool.ts';
import type { BufferPool } from '../oci/http/buffer-pool.ts';
import type { Pace } from '../oci/http/bandwidth.ts';
import type { RegistryPort } from '../oci/registry-request.ts';
import type { Timeouts } from '../oci/http/timeouts.ts';
import { createBlobLedger } from './blob-ledger.ts';
import type { BlobLedger } from './blob-ledger.ts';
import type { KnownTags } from './known-tags.ts';
import { createSlots } from './slots.ts';
import type { Slots } from './slots.ts';

/** The registries of a process, by the host that references name. */
export type RegistryDirectory = { client(host: string): RegistryPort; readonly timeouts: Pick<Timeouts, 'stallMs'> };

export type CopySession = {
  registries: RegistryDirectory;
  blobs: BlobLedger;
  /** Manifests by digest, in the same way as blobs. */
  manifests: BlobLedger;
  /** The tags of source repositories, by host and path; each list is read once. */
  tags: Map<string, Promise<KnownTags>>;
  /** Source repositories that were seen to have no referrers API, by host and path. */
  withoutReferrersApi: Set<string>;
  slots: Slots;
  /** What blobs are carried in. */
  buffers: BufferPool;
  /** A limit for what is read of the sources, beside those of the registries. */
  pace?: Pace;
  /** What goes on behind the copies and must end before the process may: uploads that are being cancelled. */
  loose: Set<Promise<void>>;
  /** Milliseconds since the epoch. */
  now: () => number;
  random: () => number;
  /** How long an upload may take no byte before it is given up. */
  stallMs: number;
  /** How long targets wait for one that lags behind them; then it goes on by itself. */
  patienceMs: number;
};

/** Three large blobs at a time were as fast as nine, in a third of the memory; small ones hide round trips from each other. */
const SLOTS = 24;
const PATIENCE_MS = 5_000;

export function createCopySession(registries: RegistryDirectory): CopySession {
  return {
    registries,
    blobs: createBlobLedger(),
    manifests: createBlobLedger(),
    tags: new Map(),
    withoutReferrersApi: new Set(),
    slots: createSlots(SLOTS),
    buffers: createBufferPool(),
    loose: new Set(),
    now: Date.now,
    random: Math.random,
    stallMs: registries.timeouts.stallMs,
    patienceMs: PATIENCE_MS,
  };
}
