// Makes a deploy token for a grant, puts another one in its place, and removes it. GitLab tells it once and changes nothing of it: the new one
// is kept where its user finds it before the old one goes. What a run that was cut off left behind has the same name, and goes with it.
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { EntryChange, EntryOutcome } from '../backend.ts';
import { canonicalText, type Json } from '../canonical.ts';
import type { SecretPlace } from '../grant.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { formatShownOnce, placeTaken } from '../shown-once-mark.ts';
import { tokenIn, tokenKey, type TokenContent } from './entry-content.ts';
import type { GitlabApi } from './gitlab-api.ts';
import type { Owner } from './owners.ts';
import { tokenEnd } from './token-end.ts';
import { keptAmong, type OwnToken } from './token-entries.ts';

export type TokenWrite = {
  api: GitlabApi;
  host: string;
  owner: Owner;
  keepSecret: KeepSecret;
  /** Ours of this owner, as they are now. */
  own: readonly OwnToken[];
  now: number;
  /** Which other deploy token of ours has its password there. */
  holderOf: (place: SecretPlace, token: string) => Promise<string | undefined>;
  signal: AbortSignal | undefined;
};

/** @param found as it stands there now, and as the change has it before */
export async function writeToken(
  write: TokenWrite,
  change: EntryChange,
  found: Json | undefined,
): Promise<EntryOutcome> {
  const { host, keepSecret } = write;
  const key = change.op === 'delete' ? change.key : change.wanted.key;
  const same = write.own.filter(({ word }) => tokenKey(word) === key);
  if (change.op === 'delete') {
    await removeAll(write, same);
    return { key, state: same.length === 0 ? 'unchanged' : 'written' };
  }
  const wanted = tokenIn(change.wanted.content);
  const [grant = ''] = change.wanted.grants;
  if (wanted === undefined || wanted.secret === null) {
    throw new TransshipError('internal', `${key} holds ${canonicalText(change.wanted.content)}`);
  }
  const { secret } = wanted;
  const kept = isKeptAsWanted(found, wanted) ? await keptAmong(same, host, keepSecret) : undefined;
  if (kept !== undefined) {
    await removeAll(
      write,
      same.filter(({ id }) => id !== kept.id),
    );
    return { key, state: 'written' };
  }
  const other = await write.holderOf(secret, wanted.token);
  if (other !== undefined) return { key, state: 'blocked', problem: placeTaken(other, secret) };
  const problem = await makeToken(write, { ...wanted, secret }, grant);
  if (problem !== undefined) return { key, state: 'blocked', problem };
  await removeAll(write, same);
  return { key, state: 'written' };
}

/** Only others of its name are too many. */
function isKeptAsWanted(found: Json | undefined, wanted: TokenContent): boolean {
  const before = found === undefined ? undefined : tokenIn(found);
  if (before === undefined) return false;
  const { spare: _, ...rest } = before;
  return canonicalText(rest) === canonicalText(wanted);
}

/** Undefined: it is made and kept. What cannot be kept is taken away again. */
async function makeToken(
  { api, host, owner, keepSecret, now, signal }: TokenWrite,
  { token, secret, endsAt: until }: TokenContent & { secret: SecretPlace },
  grant: string,
): Promise<EntryOutcome['problem']> {
  const endsAt = until === undefined ? undefined : new Date(until);
  const text = formatShownOnce({ grant, secret, isKept: true, ...(endsAt === undefined ? {} : { endsAt }) });
  const end = endsAt === undefined ? undefined : tokenEnd(endsAt, now);
  const { id, username, password } = await api.makeToken(owner, { name: `${token} ${text}`, endsAt: end }, signal);
  try {
    await keepSecret.keep(secret, { registry: host, username, password });
    return undefined;
  } catch (error) {
    // one Secret that cannot be written stops nobody else; where this fails, too, the next run finds it by its name
    await api.removeToken(owner, id, signal).catch(() => undefined);
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    const { message, hint } = error;
    return { message, ...(hint === undefined ? {} : { hint }) };
  }
}

async function removeAll({ api, owner, signal }: TokenWrite, tokens: readonly OwnToken[]): Promise<void> {
  for (const { id } of tokens) await api.removeToken(owner, id, signal);
}
