// Writes the changes of a namespace: what gives first, then what takes, each on what is there now; one that is refused keeps no other one.
import type { Cluster } from '../../cluster/cluster.ts';
import { fieldManagerOf } from '../../cluster/field-manager.ts';
import { isObject } from '../../cluster/json-fields.ts';
import { isTransshipError } from '../../errors.ts';
import type { EntryChange, EntryOutcome, WriteResult } from '../backend.ts';
import type { Target } from '../site.ts';
import { readContent } from './binding-content.ts';
import { refusalOf } from './refusals.ts';
import { readSeen } from './seen-namespace.ts';
import { writeBinding } from './write-binding.ts';
import { removeUnusedRoles, signalOf, type Writing } from './write-role.ts';

/** At no moment may somebody not pull who might before and may after. */
const TURNS = { create: 0, adopt: 1, update: 1, delete: 2 } satisfies Record<EntryChange['op'], number>;
/** Somebody who writes all the time is told, not waited for. */
const MOST_TRIES = 3;

/** @throws TransshipError object-conflict: plan anew; else as `Cluster.send` */
export async function writeNamespace(
  cluster: Cluster,
  target: Target,
  changes: readonly EntryChange[],
  { instance, ...options }: { instance: string; signal?: AbortSignal },
): Promise<WriteResult> {
  const writing: Writing = { cluster, instance, options: { fieldManager: fieldManagerOf(instance), ...options } };
  const ordered = changes.toSorted((left, right) => TURNS[left.op] - TURNS[right.op]);
  const outcomes: EntryOutcome[] = [];
  for (const change of ordered) outcomes.push(await writeOne(writing, target.place, change));
  if (changes.some(concernsRole)) await removeUnusedRoles(writing, target.place);
  return { outcomes, alarms: [] };
}

async function writeOne(writing: Writing, namespace: string, change: EntryChange): Promise<EntryOutcome> {
  const key = change.op === 'delete' ? change.key : change.wanted.key;
  const { cluster, instance, options } = writing;
  for (let tried = 1; ; tried += 1) {
    try {
      const seen = await readSeen(cluster, namespace, { instance, ...signalOf(options) });
      return { key, state: await writeBinding(writing, seen, change) };
    } catch (error) {
      const wanted = change.op === 'delete' ? undefined : readContent(change.wanted.content);
      const problem = refusalOf(error, wanted);
      if (problem !== undefined) return { key, state: 'blocked', problem };
      if (!isTransshipError(error, 'object-conflict') || tried >= MOST_TRIES) throw error;
    }
  }
}

function concernsRole(change: EntryChange): boolean {
  const contents = [
    ...('before' in change ? [change.before] : []),
    ...('wanted' in change ? [change.wanted.content] : []),
  ];
  return contents.some((content) => isObject(content) && 'rules' in content);
}
