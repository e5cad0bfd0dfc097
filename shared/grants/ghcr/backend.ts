// The back end for GHCR, which has nothing to read and nothing to write: a person sets who may pull a package, and only a pull shows it.
import { TransshipError } from '../../errors.ts';
import type { GrantBackend } from '../backend.ts';
import type { Site } from '../site.ts';

export function ghcrBackend({ site, now = Date.now }: { site: Site; now?: () => number }): GrantBackend {
  return {
    kind: 'ghcr',
    survey: async () => ({}),
    observe: async (target) => ({ target, state: 'there', revision: '', entries: [] }),
    marked: async () => [],
    async write() {
      throw new TransshipError('unsupported', `${site.host} offers no way to set who may pull`, {
        hint: 'at GitHub, Package settings > Manage access',
        details: { registry: site.host, operation: 'set permission' },
      });
    },
    verify: async () => ({
      method: 'none',
      answer: 'unverifiable',
      at: new Date(now()),
      note: 'GitHub tells nobody who may pull a package: try it with transship can-pull',
    }),
    async *audit() {},
  };
}
