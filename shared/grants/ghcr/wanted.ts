// Grants at GHCR are told, not set: GitHub has no interface for who may read a package. https://github.com/cli/cli/issues/10195
import type { WantedEntries } from '../backend.ts';
import { granteeText } from '../grantee-text.ts';

export const ghcrWanted: WantedEntries = ({ grant, parts, grantees, site }) => ({
  entries: [],
  shortfalls: parts.map(({ what }) => {
    const packages = what.kind === 'repository' ? what.pattern : what.name;
    const who = grantees.map(granteeText).join(', ');
    return {
      grant: grant.id,
      target: { backend: site.backend, host: site.host, place: packages },
      state: 'Unsupported' as const,
      message: `${site.host} offers no way to set who may pull ${packages}: a person has to`,
      hint: `at GitHub, Package settings > Manage access > Add: ${who} with the role Read; then try it with transship can-pull`,
    };
  }),
});
