// What lets anybody pull from a project of GitLab: that it is open to more than its members, and deploy tokens, its own and those of the
// groups above it. Members of projects and groups are GitLab's own, and stand in no list here.
import type { AuditFinding } from '../audit-finding.ts';
import type { Target } from '../site.ts';
import type { GitlabProject, GitlabToken } from './gitlab-api.ts';
import { placeOf, type Owner } from './owners.ts';
import { ownTokens } from './token-entries.ts';

/** What verifying names, too. */
export const VISIBILITY = 'visibility of the project';

export function auditVisibility(target: Target, { path, visibility }: GitlabProject): AuditFinding[] {
  if (visibility === 'private') return [];
  const who = visibility === 'public' ? 'everybody at all' : 'everybody who is logged in';
  return [{ target, object: VISIBILITY, who: [who], what: path, class: 'over-broad', flags: [visibility] }];
}

/** @param owner whose they are: the target's own, or a group above it */
export function auditTokens(
  target: Target,
  owner: Owner,
  tokens: readonly GitlabToken[],
  instance: string,
): AuditFinding[] {
  const ours = new Map(ownTokens({ instance, tokens }).map((token) => [token.id, token]));
  return tokens
    .filter(({ scopes }) => scopes.includes('read_registry'))
    .map(({ id, name, username, endsAt, scopes }): AuditFinding => {
      const own = ours.get(id);
      const grant = own?.mark?.grant;
      return {
        target,
        object: `deploy token ${own?.word ?? name}`,
        who: [`deploy token ${username}`],
        what: placeOf(owner),
        ...(endsAt === undefined ? {} : { until: endsAt.toISOString() }),
        class: own === undefined ? 'foreign' : 'ours',
        ...(grant === undefined ? {} : { grant }),
        flags: scopes.includes('write_registry') ? ['may push'] : [],
      };
    });
}
