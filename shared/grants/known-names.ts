// The names of grants that were ever declared here, also by their hashes: some marks have no more of them.
import { hash16 } from './canonical.ts';

export type KnownNames = {
  has(grant: string): boolean;
  /** Undefined: nobody here has heard of it. */
  ofHash(hash: string): string | undefined;
};

export function knownNames(grants: readonly string[]): KnownNames {
  const names = new Set(grants);
  // hardly ever asked for
  let byHash: ReadonlyMap<string, string> | undefined;
  return {
    has: (grant) => names.has(grant),
    ofHash(hash) {
      byHash ??= new Map([...names].map((grant) => [hash16(grant), grant]));
      return byHash.get(hash);
    },
  };
}
