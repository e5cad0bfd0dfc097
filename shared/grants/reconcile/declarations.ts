// What the journal has to know of the grants of the configuration: those that are new there, say something else, or are gone.
import type { PullGrant } from '../grant.ts';
import type { GrantsState } from '../grants-state.ts';
import type { JournalLine } from '../journal.ts';
import { declarationSha } from '../plan-hash.ts';

/** In the order of their names; nothing where nothing changed. Who declared is the file. */
export function declarations(
  configured: readonly PullGrant[],
  { grants }: GrantsState,
  by: Pick<JournalLine, 'at' | 'actor'>,
): JournalLine[] {
  const declared = configured.flatMap((grant): JournalLine[] => {
    const sha = declarationSha(grant);
    const known = grants.get(grant.id);
    const isKnown = known?.declarationSha === sha && !known.isWithdrawn && known.declaration.origin === 'file';
    return isKnown
      ? []
      : [
          {
            ...by,
            actor: fileOf(grant, by.actor),
            event: 'declared',
            grant: grant.id,
            declaration: grant,
            declarationSha: sha,
          },
        ];
  });
  const names = new Set(configured.map(({ id }) => id));
  const gone = [...grants.values()]
    .filter(({ grant, declaration, isWithdrawn }) => declaration.origin === 'file' && !isWithdrawn && !names.has(grant))
    .map(({ grant, declaration }): JournalLine => ({
      ...by,
      actor: fileOf(declaration, by.actor),
      event: 'withdrawn',
      grant,
    }));
  return [...declared, ...gone];
}

function fileOf({ requestedBy }: PullGrant, actor: string): string {
  return requestedBy === undefined ? actor : `file ${requestedBy}`;
}
