// Cuts runs over grants off at random points and looks at what is left: everything that stands there is known to the journal, the journal adds
// up to the state, nothing of others changed, and the next run ends what was begun and tells that it was interrupted.
//
// Most are cut within this process: from some step on nothing of the run is heard of any more. Some are processes that are killed.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { canonicalText } from '../../../shared/grants/canonical.ts';
import { revokeGrant } from '../../../shared/grants/declare-grants.ts';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantStore } from '../../../shared/grants/grant-store.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import type { GrantsRun } from '../../../shared/grants/grants-run.ts';
import type { GrantsState } from '../../../shared/grants/grants-state.ts';
import { applyGrants } from '../../../shared/grants/reconcile.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { startProcess } from '../child-processes.ts';
import { manualClock, type ManualClock } from '../jobs/manual-clock.ts';
import { seededRandom } from '../jobs/seeded-random.ts';
import { newFolder, sqliteSubject } from '../jobs/sqlite-subject.ts';
import {
  foreignIn,
  furnish,
  grantsOfRound,
  isTampered,
  ROUND_MS,
  SCENE_CONFIG,
  SCENE_START,
  tamper,
} from './grant-scene.ts';
import { RecordedWorld } from './recorded-world.ts';
import { serveWorld } from './world-server.ts';

export type KilledGrants = {
  /** Runs that ended before their time. */
  cut: number;
  /** Entries that the next run told to have been interrupted. */
  interrupted: number;
  /** What must be empty. */
  wrong: string[];
};

const ROUNDS = 4;
const MOST_STEPS = 90;
const LONGEST_LIFE_MS = 250;
const MOST_LINES = 100_000;
const PROCESS = fileURLToPath(new URL('reconciling-process.ts', import.meta.url));

type Scene = {
  clock: ManualClock;
  world: RecordedWorld;
  foreign: Map<string, unknown>;
  random: () => number;
  told: KilledGrants;
};

export async function cutGrants(seed: number): Promise<KilledGrants> {
  const scene = newScene(seed);
  let opened = await sqliteSubject.open(scene.clock);
  for (let round = 0; round < ROUNDS; round += 1) {
    const grants = grantsOfRound(scene.random);
    const run = runOf(scene, opened.grants, grants);
    if (await cutOff(scene, run)) scene.told.cut += 1;
    opened = await opened.crash();
    await checkAndEnd(scene, runOf(scene, opened.grants, grants), `seed ${seed} round ${round}`);
    tamper(scene.world, scene.random);
    if (scene.random() < 0.3) await revokeSome(scene, runOf(scene, opened.grants, grants));
    await scene.clock.advance(ROUND_MS);
  }
  await opened.remove();
  return scene.told;
}

export async function killGrants(seed: number): Promise<KilledGrants> {
  const scene = newScene(seed);
  const dataDir = await newFolder();
  const server = await serveWorld(scene.world);
  for (let round = 0; round < ROUNDS; round += 1) {
    const grants = grantsOfRound(scene.random);
    scene.world.before = ({ op }) => (op === 'entry' ? delay(scene.random() * 20) : delay(scene.random() * 5));
    if (await killed(scene, [dataDir, server.url, JSON.stringify(grants), scene.clock.now().toISOString()]))
      scene.told.cut += 1;
    await server.idle();
    scene.world.before = () => undefined;
    const store = await openSqliteStore({
      dataDir,
      clock: scene.clock,
      ballastBytes: 4096,
      pace: (commit) => void setImmediate(commit),
    });
    await checkAndEnd(scene, runOf(scene, store.grants, grants), `seed ${seed} round ${round}`);
    await store.close();
    tamper(scene.world, scene.random);
    await scene.clock.advance(ROUND_MS);
  }
  await server.stop();
  await rm(dataDir, { recursive: true });
  return scene.told;
}

function newScene(seed: number): Scene {
  const clock = manualClock(SCENE_START);
  const world = new RecordedWorld(() => clock.now());
  return {
    clock,
    world,
    foreign: furnish(world),
    random: seededRandom(seed),
    told: { cut: 0, interrupted: 0, wrong: [] },
  };
}

function runOf({ clock, world }: Scene, store: GrantStore, grants: readonly PullGrant[]): GrantsRun {
  return {
    config: { ...SCENE_CONFIG, grants },
    store,
    backendFor: world.backendFor,
    clock,
    logger: silentLogger,
    actor: 'test',
    holder: 'test',
  };
}

/** True: the run was cut before its end. */
async function cutOff({ world, random }: Scene, run: GrantsRun): Promise<boolean> {
  const { promise: isCut, resolve } = Promise.withResolvers<true>();
  const last = 1 + Math.floor(random() * MOST_STEPS);
  // also when what was asked for is done, and the answer gets lost
  const isAnswerLost = random() < 0.5;
  let steps = 0;
  const step = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    steps += 1;
    if (steps < last) return work();
    if (steps === last && isAnswerLost) await work();
    resolve(true);
    return new Promise<never>(() => undefined);
  };
  world.before = () => step(() => Promise.resolve());
  const { store } = run;
  const cutStore: GrantStore = {
    append: (lines) => step(() => store.append(lines)),
    state: () => step(() => store.state()),
    lines: (filter) => step(() => store.lines(filter)),
    last: () => step(() => store.last()),
    hold: (...args) => step(() => store.hold(...args)),
    release: (...args) => step(() => store.release(...args)),
  };
  const ended = applyGrants({ ...run, store: cutStore }, { overbroad: 'skip' }).then(() => false);
  const result = await Promise.race([ended, isCut]);
  world.before = () => undefined;
  return result;
}

async function killed({ random }: Scene, args: readonly string[]): Promise<boolean> {
  const { promise: writing, resolve } = Promise.withResolvers<void>();
  let isClosed = false;
  const running = startProcess(process.execPath, [PROCESS, ...args], {
    onLine(line) {
      if (line === 'writing') resolve();
      if (line === 'closed') isClosed = true;
    },
  });
  await Promise.race([writing, once(running.process, 'close')]);
  await delay(random() * LONGEST_LIFE_MS);
  if (running.hasEnded() && !isClosed) throw new Error(`the process ended by itself: ${running.lastWords()}`);
  await running.end('SIGKILL');
  return !isClosed;
}

async function checkAndEnd(scene: Scene, run: GrantsRun, name: string): Promise<void> {
  const { world, told, foreign } = scene;
  const { store } = run;
  const say = (text: string): void => void told.wrong.push(`${name}: ${text}`);
  const before = await store.state();
  const lines = (await store.lines({ limit: MOST_LINES })).map(({ line }) => line);
  if (!isDeepStrictEqual(before, foldLines(emptyGrants(), lines))) say('the journal does not add up to the state');
  for (const key of unknownIn(world, before)) say(`nobody knows of ${key}`);
  const open = [...before.entries.values()].filter(({ intended }) => intended !== undefined);
  for (const { key, state } of open) if (state !== 'Applying') say(`${key} is ${state}, and may be written or not`);

  const report = await applyGrants(run, { overbroad: 'skip' });
  const interrupted = report.entries.filter(({ wasInterrupted }) => wasInterrupted);
  told.interrupted += interrupted.length;
  for (const { target, key } of open) {
    const isTold = interrupted.some((entry) => entry.key === key && isDeepStrictEqual(entry.target, target));
    if (!isTold) say(`${key} was interrupted, and nobody tells`);
  }
  for (const problem of unfinishedIn(world, await store.state())) say(problem);

  const written = (await store.lines({ limit: MOST_LINES })).length;
  const next = await applyGrants(run, { overbroad: 'skip' });
  if (next.writes > 0) say('the run after that still writes');
  if ((await store.lines({ limit: MOST_LINES })).length > written) say('the run after that still journals');
  if (!isDeepStrictEqual(foreignIn(world), foreign)) say("what is somebody else's has changed");
}

/** What is ours and stands there as no line of the journal has it. */
function unknownIn(world: RecordedWorld, { entries }: GrantsState): string[] {
  const ours = [...world.all()].filter(([, { owner }]) => owner !== 'foreign');
  return ours.flatMap(([key, { content }]) => {
    const { content: written, intended } = entries.get(key) ?? {};
    const known = [written, intended?.after, intended?.before].filter((one) => one !== undefined).map(canonicalText);
    // of what somebody changed since it is known that we wrote it
    const isKnown = isTampered(content) ? known.length > 0 : known.includes(canonicalText(content));
    return isKnown ? [] : [key];
  });
}

function unfinishedIn(world: RecordedWorld, { entries }: GrantsState): string[] {
  return [...entries].flatMap(([key, { intended, removed, content, state }]) => {
    const standing = world.all().get(key);
    const isSame = canonicalText(standing?.content ?? null) === canonicalText(content ?? null);
    return [
      ...(intended !== undefined || removed !== undefined ? [`${key} is not ended`] : []),
      ...(isSame || standing?.owner === 'foreign' ? [] : [`${key} is not as the journal has it`]),
      ...(content === undefined || state === 'Applied' ? [] : [`${key} is ${state}`]),
    ];
  });
}

async function revokeSome({ random }: Scene, run: GrantsRun): Promise<void> {
  for (const { id } of run.config.grants) if (random() < 0.3) await revokeGrant(run, id);
}
