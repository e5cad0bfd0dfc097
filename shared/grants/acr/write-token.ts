// Makes a token of a registry for a grant, changes it, and removes it. A password that Azure tells only once is kept where its user finds
// it before anything else happens; with two passwords the old one stays until the new one is kept.
//
//   scope map ──▶ token ──▶ password in the other slot ──▶ kept ──▶ the scope map says which ──▶ what ends too late goes
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { EntryChange, EntryOutcome } from '../backend.ts';
import { canonicalText } from '../canonical.ts';
import type { ObservedEntry } from '../entry.ts';
import type { KeepSecret } from '../keep-secret.ts';
import { tokenIn, type TokenContent } from './entry-content.ts';
import { keptSlot, tokenDescription } from './token-entries.ts';
import {
  deleteResource,
  keepPasswords,
  makePassword,
  putScopeMap,
  putToken,
  type RegistryToken,
  type ScopeMap,
  type Settling,
} from './tokens.ts';

export type TokenWrite = Settling & {
  registryId: string;
  host: string;
  instance: string;
  keepSecret: KeepSecret;
  /** As they are now. */
  tokens: readonly RegistryToken[];
  scopeMaps: readonly ScopeMap[];
  entries: readonly ObservedEntry[];
};

/** @throws TransshipError object-conflict where it is not as the change has it before; as `KeepSecret.keep` does */
export async function writeToken(write: TokenWrite, change: EntryChange): Promise<EntryOutcome> {
  const key = change.op === 'delete' ? change.key : change.wanted.key;
  const found = write.entries.find((entry) => entry.key === key)?.content;
  if (change.op === 'delete') {
    if (found === undefined) return { key, state: 'unchanged' };
    await removeToken(write, key);
    return { key, state: 'written' };
  }
  const wanted = tokenIn(change.wanted.content);
  if (wanted === undefined)
    throw new TransshipError('internal', `${key} holds ${canonicalText(change.wanted.content)}`);
  if (found !== undefined && canonicalText(found) === canonicalText(change.wanted.content))
    return { key, state: 'unchanged' };
  const isAsPlanned =
    change.op === 'create'
      ? found === undefined
      : found !== undefined && canonicalText(found) === canonicalText(change.before);
  if (!isAsPlanned) throw changedMeanwhile(key);
  const other = keptBeside(write.entries, key, wanted);
  if (other !== undefined) return { key, state: 'blocked', problem: placeTaken(other, wanted) };
  const before = found === undefined ? undefined : tokenIn(found);
  try {
    await makeToken(write, wanted, before, change.wanted.grants);
    return { key, state: 'written' };
  } catch (error) {
    // one Secret that cannot be written stops nobody else: what is not kept is seen as such by the next look
    if (!isTransshipError(error) || error.code === 'interrupted') throw error;
    const { message, hint } = error;
    return { key, state: 'blocked', problem: { message, ...(hint === undefined ? {} : { hint }) } };
  }
}

async function makeToken(
  write: TokenWrite,
  wanted: TokenContent,
  before: TokenContent | undefined,
  grants: readonly string[],
): Promise<void> {
  const { manager, registryId, host, instance, keepSecret, tokens, scopeMaps } = write;
  const scopeMapId = `${registryId}/scopeMaps/${wanted.token}`;
  const tokenId = `${registryId}/tokens/${wanted.token}`;
  const { actions, secret } = wanted;
  const isSameSecret = before !== undefined && canonicalText(before.secret) === canonicalText(secret);
  const old = keptSlot(scopeMaps.find(({ name }) => name === wanted.token)?.description);
  const describe = (slot: string | undefined) => ({
    description: tokenDescription(grants, instance, secret, slot),
    actions,
  });
  await putScopeMap(write, scopeMapId, describe(isSameSecret ? old : undefined));
  if (before?.status !== 'enabled') await putToken(write, tokenId, scopeMapId);
  if (isSameSecret && before.isKept && before.endsAt === wanted.endsAt) return;
  // never the one that is in use
  const slot = old === 'password1' ? 'password2' : 'password1';
  const password = await makePassword(manager, { registryId, tokenId, slot, endsAt: wanted.endsAt });
  await keepSecret.keep(secret, { registry: host, username: wanted.token, password });
  await putScopeMap(write, scopeMapId, describe(slot));
  const passwords = tokens.find(({ name }) => name === wanted.token)?.passwords ?? [];
  const end = wanted.endsAt === undefined ? undefined : new Date(wanted.endsAt);
  const isTooLong = passwords.some(
    ({ name, expiresAt }) => name !== slot && end !== undefined && (expiresAt === undefined || expiresAt > end),
  );
  if (isTooLong) await keepPasswords(manager, tokenId, [slot]);
}

/** The token first: without it nobody logs in any more. */
async function removeToken({ manager, registryId }: TokenWrite, key: string): Promise<void> {
  const name = key.replace(/^token /, '');
  await deleteResource(manager, `${registryId}/tokens/${name}`);
  await deleteResource(manager, `${registryId}/scopeMaps/${name}`);
}

/** Another token of ours whose password is in the same Secret: each would drive out the other, again and again. */
function keptBeside(entries: readonly ObservedEntry[], key: string, { secret }: TokenContent): string | undefined {
  return entries
    .filter((entry) => entry.key !== key)
    .flatMap(({ content }) => tokenIn(content) ?? [])
    .find((other) => other.isKept && canonicalText(other.secret) === canonicalText(secret))?.token;
}

function placeTaken(token: string, { secret: { cluster, namespace, name } }: TokenContent) {
  return {
    message: `the Secret ${namespace}/${name} of ${cluster} has the password of token ${token}, and holds one login for a registry`,
    hint: 'give the robots of different grants different Secrets, or say all of it in one grant',
  };
}

function changedMeanwhile(key: string): TransshipError {
  return new TransshipError('object-conflict', `${key} is not as it was when this was planned`, {
    hint: 'plan anew',
    details: { operation: 'write tokens' },
  });
}
