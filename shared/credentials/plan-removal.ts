// What becomes of a Secret of ours that no rule wants any more: with `prune` its references go, then it goes itself or, where it holds
// something of others, only our part of it; without, it stays and is told.
import { Secret } from '../telemetry/secret.ts';
import type { CredentialChange, Place } from './credential-change.ts';
import { differenceOf } from './difference.ts';
import type { Leftover } from './leftovers.ts';
import type { ObservedNamespace } from './observed.ts';
import { planDetachments } from './plan-references.ts';
import { readContent } from './read-content.ts';
import { formatEntries } from './secret-entries.ts';

export function planRemoval(leftover: Leftover, namespace: ObservedNamespace, place: Place): CredentialChange[] {
  const { secret, marks, isPruned } = leftover;
  if (!isPruned) return [leftBehind(leftover, place)];
  const conflict = { ...place, kind: 'conflict' as const, object: secret.name };
  if (secret.content === undefined) {
    return [
      {
        ...conflict,
        reason: 'unread',
        message: `Secret ${secret.name} is to be removed, and what it holds could not be read`,
        hint: 'allow the verb "get" on Secrets of this name, or delete it',
      },
    ];
  }
  const held = readContent(secret.name, { ...secret.content, isImmutable: false });
  if ('reason' in held) return [{ ...conflict, ...held }];

  const detachments = planDetachments([secret.name], namespace.serviceAccounts, place);
  const ours = new Set(marks.hosts);
  const entries = new Map([...held.entries].filter(([key]) => !ours.has(key)));
  const version = { secret: secret.name, uid: secret.uid, resourceVersion: secret.resourceVersion };
  // Marks that do not tell what is ours: nothing in it may be lost.
  const holdsOthers = entries.size > 0 || held.others.length > 0;
  if (!holdsOthers && secret.content.hasOtherKeys !== true) {
    return [...detachments, { ...place, kind: 'delete-secret', ...version }];
  }
  const content = new Secret(formatEntries({ entries, others: held.others }));
  const difference = differenceOf(held.entries, entries);
  const release = { ...place, kind: 'release-secret' as const, ...version, content, difference };
  // Its references stay where they are of use to whoever the other entries are.
  return holdsOthers ? [release] : [...detachments, release];
}

function leftBehind({ secret, rule, isConfigured }: Leftover, place: Place): CredentialChange {
  return {
    ...place,
    kind: 'left-behind',
    secret: secret.name,
    message: isConfigured
      ? `Secret ${secret.name} is not wanted by rule "${rule}" any more; it stays, and is not refreshed`
      : `Secret ${secret.name} is that of rule "${rule}", which is not configured; it stays, and is not refreshed`,
    hint: isConfigured
      ? 'set prune: true in the rule to have such Secrets and their references removed, or delete it'
      : `delete it, or let a rule of this name with prune: true remove it`,
  };
}
