// Keeps passwords that are shown once in memory, by the place that they are for, and fails as a test wants it.
import { canonicalText } from '../../../shared/grants/canonical.ts';
import type { SecretPlace } from '../../../shared/grants/grant.ts';
import type { KeepSecret, ShownOnce } from '../../../shared/grants/keep-secret.ts';

export type KeptSecrets = {
  keepSecret: KeepSecret;
  at(place: SecretPlace): ShownOnce | undefined;
  forget(place: SecretPlace): void;
  /** Keeping is rejected with it. */
  keepError: Error | undefined;
  /** Looking is. */
  lookError: Error | undefined;
};

export function keptSecrets(): KeptSecrets {
  const kept = new Map<string, ShownOnce>();
  const secrets: KeptSecrets = {
    keepError: undefined,
    lookError: undefined,
    at: (place) => kept.get(canonicalText(place)),
    forget: (place) => {
      kept.delete(canonicalText(place));
    },
    keepSecret: {
      async keep(place, shown) {
        if (secrets.keepError !== undefined) throw secrets.keepError;
        kept.set(canonicalText(place), shown);
      },
      async has(place, { registry, username }) {
        if (secrets.lookError !== undefined) throw secrets.lookError;
        const found = kept.get(canonicalText(place));
        return found?.registry === registry && found.username === username;
      },
    },
  };
  return secrets;
}
