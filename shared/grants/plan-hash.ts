// What identifies a plan, an entry and a declaration across processes and restarts.
import { createHash } from 'node:crypto';
import { type Json, canonicalText } from './canonical.ts';
import { isRead, type ObservedTarget, type UnreadTarget } from './entry.ts';
import type { GrantChange } from './grant-change.ts';
import type { Grantee, PullGrant, PullPart } from './grant.ts';
import { type Target, siteKey, targetKey } from './site.ts';
import { toPlain } from './plain.ts';

/** Unique among all entries: no host, cluster, namespace or repository has a space in its name. */
export function entryKey(target: Target, key: string): string {
  return `${targetKey(target)} ${key}`;
}

/** How a confirmed uid is remembered: `kubernetes:prod/my-ns`, `kubernetes:prod/my-ns/default`. */
export function confirmedKey(target: Pick<Target, 'backend' | 'host'>, name: string): string {
  return `${siteKey(target)}/${name}`;
}

/**
 * The SHA-256, in hexadecimal, of what a plan does and of the revisions of the targets where it does so. Whatever else changes meanwhile
 * is none of its business, unless it makes another plan; nor are the words for why something is not done, that may name a time.
 */
export function planHash(changes: readonly GrantChange[], targets: readonly (ObservedTarget | UnreadTarget)[]): string {
  const written = new Set(changes.filter(isWriting).map(({ target }) => targetKey(target)));
  const revisions = targets
    .filter(isRead)
    .filter(({ target }) => written.has(targetKey(target)))
    .map(({ target, state, revision }) => `${targetKey(target)} ${state} ${revision}`)
    .toSorted();
  return sha256({ changes: changes.filter(({ op }) => op !== 'noop').map(toOperation), revisions });
}

function toOperation(change: GrantChange): Json {
  if (change.op !== 'none') return toPlain(change);
  const { op, target, key, grants, state } = change;
  return { op, target, key, grants, state };
}

/** Whether a change writes something. */
export function isWriting(
  change: GrantChange,
): change is Extract<GrantChange, { op: 'create' | 'update' | 'adopt' | 'delete' }> {
  return change.op === 'create' || change.op === 'update' || change.op === 'adopt' || change.op === 'delete';
}

/**
 * The SHA-256, in hexadecimal, of what a grant says. It stays when members or lists are put in another order, or when the same file is
 * named by another path: a revoke by hand must not end by that.
 */
export function declarationSha(grant: PullGrant): string {
  const { origin, requestedBy, grantees, what, ...said } = grant;
  return sha256({
    ...said,
    notBefore: grant.notBefore?.toISOString(),
    expiresAt: grant.expiresAt?.toISOString(),
    requestedBy: origin === 'store' ? requestedBy : undefined,
    grantees: asSet(grantees.map(granteeText)),
    what: asSet(what.map(partText)),
  });
}

function granteeText(grantee: Grantee): string {
  if (grantee.kind === 'NamespaceSelector' && grantee.serviceAccounts !== undefined) {
    return canonicalText(toPlain({ ...grantee, serviceAccounts: asSet(grantee.serviceAccounts) }));
  }
  if (grantee.kind === 'AwsOrganization' && grantee.paths !== undefined) {
    return canonicalText(toPlain({ ...grantee, paths: asSet(grantee.paths) }));
  }
  return canonicalText(toPlain(grantee));
}

function partText(part: PullPart): string {
  return canonicalText({ ...part, actions: asSet(part.actions) });
}

function asSet(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}

function sha256(value: Json): string {
  return createHash('sha256').update(canonicalText(value)).digest('hex');
}
