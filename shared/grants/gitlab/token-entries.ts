// Which entries the deploy tokens of a project or group are: those of one name are one, of which the one that is kept counts. Others than
// ours are nobody's business.
import { isTransshipError } from '../../errors.ts';
import type { ObservedEntry } from '../entry.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { isMarkedName, parseShownOnce, type ShownOnceMark } from '../shown-once-mark.ts';
import { tokenKey, type TokenContent } from './entry-content.ts';
import type { GitlabToken } from './gitlab-api.ts';
import { isTokenEnd } from './token-end.ts';

/** One of ours: `pg-… base until … kept in prod/team/pull`. */
export type OwnToken = GitlabToken & { word: string; mark: ShownOnceMark | undefined };

type Seen = { host: string; instance: string; tokens: readonly GitlabToken[] };

export function ownTokens({ instance, tokens }: Omit<Seen, 'host'>): OwnToken[] {
  return tokens.flatMap((token): OwnToken[] => {
    const [word = '', ...rest] = token.name.split(' ');
    return isMarkedName(instance, word) ? [{ ...token, word, mark: parseShownOnce(rest.join(' ')) }] : [];
  });
}

export async function tokenEntries(seen: Seen, keepSecret: KeepSecret): Promise<ObservedEntry[]> {
  const groups = Map.groupBy(ownTokens(seen), ({ word }) => word);
  return Promise.all([...groups].map(([word, own]) => entryOf(word, own, seen.host, keepSecret)));
}

async function entryOf(
  word: string,
  own: readonly OwnToken[],
  host: string,
  keepSecret: KeepSecret,
): Promise<ObservedEntry> {
  const { kept, isTold } = await keptIfTold(own, host, keepSecret);
  const { mark, endsAt } = kept ?? newest(own) ?? { mark: undefined, endsAt: undefined };
  const end = isTokenEnd(endsAt, mark?.endsAt) ? mark?.endsAt : endsAt;
  const spare = isTold ? own.length - 1 : 0;
  const content = {
    kind: 'deploy-token',
    token: word,
    secret: mark?.secret ?? null,
    isKept: kept !== undefined || !isTold,
    ...(end === undefined ? {} : { endsAt: end.toISOString() }),
    ...(spare === 0 ? {} : { spare }),
  } satisfies TokenContent;
  return {
    key: tokenKey(word),
    content,
    owner: 'ours',
    label: `deploy token ${word}`,
    ...(mark === undefined ? {} : { grant: mark.grant }),
  };
}

/** The newest that reads the registry and whose password is where it says. @throws TransshipError as `KeepSecret.has` does */
export async function keptAmong(
  own: readonly OwnToken[],
  host: string,
  keepSecret: KeepSecret,
): Promise<OwnToken | undefined> {
  for (const token of own.toSorted(newerFirst)) {
    const { mark, scopes, username } = token;
    if (mark === undefined || !scopes.includes('read_registry')) continue;
    if (await keepSecret.has(mark.secret, { registry: host, username })) return token;
  }
  return undefined;
}

/** A Secret that cannot be looked at now is not gone: what stands there stays, and can be removed. */
async function keptIfTold(own: readonly OwnToken[], host: string, keepSecret: KeepSecret) {
  try {
    return { kept: await keptAmong(own, host, keepSecret), isTold: true };
  } catch (error) {
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    return { kept: undefined, isTold: false };
  }
}

function newest(own: readonly OwnToken[]): OwnToken | undefined {
  return own.toSorted(newerFirst)[0];
}

function newerFirst(left: OwnToken, right: OwnToken): number {
  return right.id - left.id;
}
