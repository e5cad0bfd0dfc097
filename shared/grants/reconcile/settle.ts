// Journals why entries are not as grants want them, once: what has been said already is not said again.
import { isRead } from '../entry.ts';
import type { GrantChange } from '../grant-change.ts';
import type { EntryRecord, GrantState } from '../grants-state.ts';
import type { JournalEvent } from '../journal.ts';
import { siteKey, targetKey } from '../site.ts';
import { givenByHand } from '../standing.ts';
import { namesOf, note, recordOf, type SiteRun } from './site-run.ts';

type Reason = { state: GrantState; message: string; hint?: string; isUnknown?: true };

/** @throws TransshipError store-unavailable */
export async function settle(site: SiteRun, changes: readonly GrantChange[]): Promise<void> {
  const events = changes.flatMap((change) => settledBy(site, change));
  const alarms = events.flatMap(alarmOf);
  site.alarms.push(...alarms.map(({ message }) => message));
  await site.context.append([...events, ...alarms], site.planHash);
}

/** What somebody has to look at is told once, also where what was given is gone with its namespace. */
function alarmOf(event: JournalEvent): Extract<JournalEvent, { event: 'alarm' }>[] {
  if (event.event !== 'settled' || event.state !== 'Suspended') return [];
  const { target, label, grants, message } = event;
  return [{ event: 'alarm', target, message: `grant ${grants.join(', ')} is suspended at ${label}: ${message}` }];
}

/** Entries that never stood there, and are wanted no more: a run over some grants cannot tell. @throws TransshipError store-unavailable */
export async function settleForgotten(site: SiteRun): Promise<void> {
  if (site.context.run.only !== undefined) return;
  await site.context.append(forgotten(site), site.planHash);
}

/** What needs somebody who says that it is meant. @throws TransshipError store-unavailable */
export async function withhold(site: SiteRun, changes: readonly GrantChange[]): Promise<void> {
  const events = changes.flatMap((change) => {
    const reach = 'wanted' in change ? change.wanted?.overbroad : undefined;
    const reason = givenByHand(reach ?? 'too far');
    const { message, hint } = reason;
    note(site.notes, change, { problem: { message, hint } });
    return ifNew(site, change, reason);
  });
  await site.context.append(events, site.planHash);
}

function settledBy(site: SiteRun, change: GrantChange): JournalEvent[] {
  const reason = reasonOf(change);
  if (reason === undefined) return [];
  const { state, message, hint } = reason;
  const problem = { message, ...(hint === undefined ? {} : { hint }) };
  const isSeen = isSeenAt(site, change);
  note(site.notes, change, { problem, fallback: state, ...(isSeen ? {} : { shown: state, isPassing: true }) });
  // of what could not be read nothing new is known
  if (!isSeen) return [];
  // gone is what is proven to be
  if (state === 'Expired' || state === 'Revoked') return [];
  return ifNew(site, change, reason);
}

function reasonOf(change: GrantChange): Reason | undefined {
  switch (change.op) {
    case 'none':
      return change;
    case 'conflict':
      return { state: 'Conflict', message: change.message, hint: change.hint };
    case 'drift': {
      const { message, hint, isUnknown } = change;
      return {
        state: 'Drifted',
        message,
        ...(hint === undefined ? {} : { hint }),
        ...(isUnknown === undefined ? {} : { isUnknown }),
      };
    }
    default:
      return undefined;
  }
}

function ifNew(site: SiteRun, change: GrantChange, { state, message, ...more }: Reason): JournalEvent[] {
  const record = recordOf(site, change);
  if (record?.removed !== undefined) return [];
  const isKnown = record?.state === state && record.problem?.message === message;
  return isKnown ? [] : [{ ...namesOf(change), event: 'settled', state, message, ...more }];
}

function forgotten(site: SiteRun): JournalEvent[] {
  const { context, look, changes } = site;
  const planned = new Set(changes.map(({ target, key }) => `${targetKey(target)} ${key}`));
  return [...context.state().entries.values()]
    .filter((record) => siteKey(record.target) === siteKey(look.at.site) && isNothing(record))
    .filter((record) => !planned.has(`${targetKey(record.target)} ${record.key}`))
    .filter(({ target }) => 'survey' in look.at || !look.targets.has(targetKey(target)))
    .filter((record) => record.isUnknown !== true || isSeenAt(site, record))
    .map((record) => ({
      ...namesOf(record),
      event: 'settled',
      state: 'Revoked',
      message: 'it is wanted no more, and nothing of ours was there',
    }));
}

function isNothing({ content, intended, removed, state }: EntryRecord): boolean {
  return (
    content === undefined &&
    intended === undefined &&
    removed === undefined &&
    state !== 'Revoked' &&
    state !== 'Expired'
  );
}

function isSeenAt({ look }: SiteRun, { target }: Pick<GrantChange, 'target'>): boolean {
  const found = look.targets.get(targetKey(target));
  return found === undefined ? !('error' in look.at) : isRead(found);
}
