// What the figures say about transship, good or bad, in sentences that follow from the figures alone.
import type { CopyGroup, Entry } from './copy-groups.ts';
import { comparedTo, megabytes, seconds } from './quantity.ts';
import { isOurs, OURS } from './results.ts';
import { overlap } from './statistics.ts';

type Duel = { group: CopyGroup; ours: Entry; best: Entry };

/** One sentence each on wall time, CPU, memory and requests; none without somebody to compare with. */
export function findings(groups: readonly CopyGroup[]): string[] {
  if (duels(groups, wall).length === 0) return [];
  return [...onWall(groups), onCpu(groups), onMemory(groups), onRequests(groups)];
}

const wall = (entry: Entry) => entry.wall.median;
const cpu = (entry: Entry) => entry.cpu.median;
const peak = (entry: Entry) => entry.peak.median;
const requests = (entry: Entry) => entry.source.median + entry.target.median;

/** Transship against the best of the others, in every group that has both. */
function duels(groups: readonly CopyGroup[], measureOf: (entry: Entry) => number): Duel[] {
  return groups.flatMap((group) => {
    const ours = group.entries.find(({ contender }) => contender === OURS);
    const others = group.entries.filter(({ contender }) => !isOurs(contender));
    const [best] = others.toSorted((a, b) => measureOf(a) - measureOf(b));
    return ours === undefined || best === undefined ? [] : [{ group, ours, best }];
  });
}

function onWall(groups: readonly CopyGroup[]): string[] {
  const all = duels(groups, wall);
  const lost = all.filter(({ ours, best }) => ours.wall.median > best.wall.median);
  const won = `Wall time: the shortest of all in ${all.length - lost.length} of ${all.length} comparisons.`;
  return [won, ...lost.map(onSlower)];
}

function onSlower({ group, ours, best }: Duel): string {
  const figures = `${seconds(ours.wall.median)} beside ${seconds(best.wall.median)}`;
  const doubt = overlap(ours.wall, best.wall) ? '; their runs overlap' : '';
  const difference = comparedTo(ours.wall.median, best.wall.median);
  return `Slower than ${best.contender} in “${group.title}”: ${figures} (${difference}${doubt}).`;
}

function onCpu(groups: readonly CopyGroup[]): string {
  const all = duels(groups, cpu);
  const lost = all.filter(({ ours, best }) => cpu(ours) > cpu(best));
  if (lost.length === 0) return `CPU time: the least of all in ${all.length} of ${all.length} comparisons.`;
  const worst = most(lost, ({ ours, best }) => cpu(ours) / cpu(best));
  return `CPU time: more than the thriftiest in ${lost.length} of ${all.length} comparisons. The worst is ${inFigures(worst, cpu, seconds)}.`;
}

function onMemory(groups: readonly CopyGroup[]): string {
  const all = duels(groups, peak);
  const worst = most(all, ({ ours }) => peak(ours));
  return `Memory: at most ${inFigures(worst, peak, megabytes)}.`;
}

function onRequests(groups: readonly CopyGroup[]): string {
  const all = duels(groups, requests);
  const lost = all.filter(({ ours, best }) => requests(ours) > requests(best));
  const won = `Requests: as few as the best or fewer in ${all.length - lost.length} of ${all.length} comparisons.`;
  if (lost.length === 0) return won;
  const worst = most(lost, ({ ours, best }) => requests(ours) / requests(best));
  return `${won} The worst is ${inFigures(worst, requests, (count) => String(Math.round(count)))}.`;
}

function inFigures(
  { group, ours, best }: Duel,
  measureOf: (entry: Entry) => number,
  write: (value: number) => string,
): string {
  return `${write(measureOf(ours))} beside ${best.contender}’s ${write(measureOf(best))} in “${group.title}”`;
}

/** The element with the largest value; @throws RangeError if there is none */
function most(all: readonly Duel[], valueOf: (duel: Duel) => number): Duel {
  const [first] = all.toSorted((a, b) => valueOf(b) - valueOf(a));
  if (first === undefined) throw new RangeError('the most of nothing');
  return first;
}
