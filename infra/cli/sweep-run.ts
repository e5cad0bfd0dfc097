// What `transship sync` and `transship plan` have in common: the rules that are meant, the registries, and the journal of written tags.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../shared/config/config.ts';
import { nearestWord } from '../../shared/config/nearest-word.ts';
import { isTransshipError, TransshipError } from '../../shared/errors.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';
import { createCopySession, type CopySession } from '../../shared/mirror/session.ts';
import type { SweepDeps } from '../../shared/mirror/sweep/sweep.ts';
import type { TagJournal } from '../../shared/mirror/tag-journal.ts';
import { listRepositories } from '../../shared/oci/catalog.ts';
import type { Registries } from '../../shared/registries/registries.ts';
import { logs, type Context } from './context.ts';
import { styleFor } from './output/style.ts';

/** The named rules, or all, greater priority first. @throws TransshipError invalid-usage, invalid-config */
export function chooseRules(rules: readonly MirrorRule[], names: readonly string[]): MirrorRule[] {
  if (rules.length === 0) {
    throw new TransshipError('invalid-config', 'the configuration has no mirror rules', {
      hint: 'say under mirrors: what is to be where; transship config example shows how',
    });
  }
  const known = rules.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearestWord(unknown, known);
    throw new TransshipError('invalid-usage', `there is no rule "${unknown}"`, {
      hint: near === undefined ? `the rules are: ${known.join(', ')}` : `did you mean ${near}?`,
    });
  }
  return rules.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** What sweeps need of the registries, with a session of their own for each lane. */
export function sweepDeps(
  registries: Registries,
  signal: AbortSignal,
): Omit<SweepDeps, 'everyDigest'> & { newLane: () => CopySession } {
  const session = createCopySession(registries);
  const { blobs, manifests, tags, withoutReferrersApi } = session;
  return {
    session,
    newLane: () => ({ ...createCopySession(registries), blobs, manifests, tags, withoutReferrersApi }),
    listTagDigests: (registry) => registries.vendor(registry).listTagDigests,
    listRepositories: (registry) => listRepositories(registries.client(registry), signal),
    looksAtReferrers: () => true,
    looksBelow: true,
    signal,
  };
}

type OpenJournal = { journal: TagJournal; close: () => Promise<void> };

/**
 * The journal where it is of use; undefined where nothing prunes and no server ever ran here, or a running one owns it.
 * @throws TransshipError store-unavailable
 */
export async function openJournal(
  { dataDir }: Config,
  rules: readonly MirrorRule[],
  context: Context,
): Promise<OpenJournal | undefined> {
  const prunes = rules.some(({ prune }) => prune !== 'off');
  if (!prunes && !existsSync(path.join(dataDir, 'jobs.sqlite'))) return undefined;
  const { openSqliteStore } = await import('../node/sqlite-store.ts');
  try {
    const { journal, close } = await openSqliteStore({ dataDir });
    return { journal, close };
  } catch (error) {
    if (!isTransshipError(error, 'store-locked')) throw error;
    warnOfServer(context, dataDir, prunes);
    return undefined;
  }
}

function warnOfServer({ io, globals }: Context, dataDir: string, prunes: boolean): void {
  if (globals.json || !logs(globals, 'warn')) return;
  const style = styleFor(io.stderr, io, globals);
  const lost = prunes
    ? 'nothing is pruned, and what is copied now is never pruned'
    : 'what is copied now is never pruned';
  io.stderr.write(`${style('yellow', 'warning:')} a running server owns ${dataDir}: ${lost}\n`);
  io.stderr.write(`${style('yellow', 'hint:')} let the server do it, or stop it first\n`);
}
