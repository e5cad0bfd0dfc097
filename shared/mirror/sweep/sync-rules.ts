// Brings everything that rules select to where they want it, in one run: what differs in a repository is copied as soon as it is
// known, and what the copies learn about registries serves them all.
import type { CopyEvent, CopyReport } from '../copy-types.ts';
import { pruneTargets, type PruneReport } from '../prune/prune.ts';
import { createRulePaces } from '../rule-paces.ts';
import type { MirrorRule } from '../rule.ts';
import type { CopySession } from '../session.ts';
import { createSlots, type Slots } from '../slots.ts';
import type { TagJournal } from '../tag-journal.ts';
import type { Compared } from './compare.ts';
import { copyChanges } from './copy-changes.ts';
import { sweep, type SweepDeps } from './sweep.ts';

export type SyncDeps = SweepDeps & {
  /** A session whose slots are its own; ledgers are those of all. */
  newLane: () => CopySession;
  /** Absent: nothing is recorded, and nothing pruned. */
  journal?: TagJournal;
  /** All rules of the configuration, those included that are not synchronised now. */
  allRules: readonly MirrorRule[];
  onCompared?: (compared: Compared) => void;
  onEvent?: (event: CopyEvent, targetRegistry: string) => void;
  onReport?: (report: CopyReport, rule: MirrorRule) => void;
  onPruned?: (report: PruneReport) => void;
};

/** Copies from one registry to the same targets that run at once. */
const COPIES_AT_ONCE = 16;

type Lane = { session: CopySession; copies: Slots };

/** What fails is told to the listeners. @throws TransshipError interrupted */
export async function syncRules(rules: readonly MirrorRule[], deps: SyncDeps): Promise<void> {
  const { journal, signal, onCompared, onEvent, onReport, onPruned } = deps;
  const lanes = new Map<string, Lane>();
  const paces = createRulePaces();
  await sweep(rules, deps, async (compared) => {
    const { rule, diff } = compared;
    onCompared?.(compared);
    const { session, copies } = laneOf(rule, lanes, deps.newLane);
    await copyChanges(rule, diff.changes, {
      session: { ...session, ...paces(rule.name, rule.bandwidthBytesPerSecond) },
      copies,
      onEvent: (event, registry) => onEvent?.(event, registry),
      async onReport(report, written) {
        onReport?.(report, rule);
        if (written.length > 0) await journal?.wrote(written);
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (journal === undefined) return;
    const pruneDeps = { session, journal, rules: deps.allRules, dryRun: false };
    const pruned = await pruneTargets(compared, { ...pruneDeps, ...(signal === undefined ? {} : { signal }) });
    for (const report of pruned) onPruned?.(report);
  });
}

/** A registry that hangs holds up only what goes between the same registries. */
function laneOf(rule: MirrorRule, lanes: Map<string, Lane>, newLane: () => CopySession): Lane {
  const key = [rule.from.registry, ...rule.to.map(({ registry }) => registry)].join(' ');
  const lane = lanes.get(key) ?? { session: newLane(), copies: createSlots(COPIES_AT_ONCE) };
  lanes.set(key, lane);
  return lane;
}
