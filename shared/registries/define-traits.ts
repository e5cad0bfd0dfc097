// The traits of a registry that does just what the distribution specification says, and the way a vendor states its differences.
import type { Traits } from '../oci/traits.ts';

const MEBIBYTE = 1024 * 1024;

const SPECIFICATION: Traits = {
  login: { endedStatus: 401 },
  upload: {
    strategy: 'monolithic',
    monolithicUpToBytes: Number.POSITIVE_INFINITY,
    chunkBytes: 16 * MEBIBYTE,
    resume: 'none',
  },
  mount: { supported: true, selfProbe: false },
  referrers: { mode: 'detect' },
  manifest: { absentStatuses: [], headReliable: true },
  blob: { headReliable: true },
  tags: { pageSize: 1000 },
  concurrency: { start: 1, max: 32 },
  ratesPerSecond: {},
};

type TraitOverrides = { [Group in keyof Traits]?: Partial<Traits[Group]> };

/** The specification's behaviour with one vendor's differences laid over it. */
export function defineTraits(overrides: TraitOverrides): Traits {
  return {
    login: { ...SPECIFICATION.login, ...overrides.login },
    upload: { ...SPECIFICATION.upload, ...overrides.upload },
    mount: { ...SPECIFICATION.mount, ...overrides.mount },
    referrers: { ...SPECIFICATION.referrers, ...overrides.referrers },
    manifest: { ...SPECIFICATION.manifest, ...overrides.manifest },
    blob: { ...SPECIFICATION.blob, ...overrides.blob },
    tags: { ...SPECIFICATION.tags, ...overrides.tags },
    concurrency: { ...SPECIFICATION.concurrency, ...overrides.concurrency },
    ratesPerSecond: { ...SPECIFICATION.ratesPerSecond, ...overrides.ratesPerSecond },
  };
}

/** A size in MiB as bytes. */
export function mebibytes(count: number): number {
  return count * MEBIBYTE;
}
