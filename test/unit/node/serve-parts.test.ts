// The small parts of a server: what is swapped while it is used, what is done again and again, what nobody triggers, what needs a restart.
import { expect, it } from 'vitest';
import { needsRestart } from '../../../infra/node/serve/needs-restart.ts';
import { neverTriggered } from '../../../infra/host/never-triggered.ts';
import { quietTrouble } from '../../../infra/node/serve/quiet-trouble.ts';
import { referencedFiles } from '../../../infra/node/serve/referenced-files.ts';
import { repeat } from '../../../infra/node/serve/repeat.ts';
import { swapped } from '../../../infra/host/swapped.ts';
import { readConfig, type LoadedConfig } from '../../../shared/config/load.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { manualClock, settle } from '../../support/jobs/manual-clock.ts';

function load(text: string): LoadedConfig {
  const surroundings = { env: {}, homeDir: '/home/x', cwd: '/work' };
  return readConfig([{ file: 'transship.yaml', text: `version: 1\n${text}` }], surroundings);
}

function closable(): { closed: boolean; close: () => Promise<void> } {
  const one = { closed: false, close: async () => void (one.closed = true) };
  return one;
}

it('closes what was swapped when the last who uses it gives it back', () => {
  const [first, second] = [closable(), closable()];
  const held = swapped(first, () => undefined);
  const [{ giveBack }, { giveBack: giveBackToo }] = [held.borrow(), held.borrow()];
  held.swap(second);
  expect(held.current()).toBe(second);
  const ofSecond = held.borrow();
  giveBack();
  giveBack();
  expect(first.closed).toBe(false);
  giveBackToo();
  expect(first.closed).toBe(true);
  ofSecond.giveBack();
  expect(second.closed).toBe(false);
});

it('keeps what came later open, too, for who began before: it may have asked for it since', () => {
  const [first, second, third] = [closable(), closable(), closable()];
  const held = swapped(first, () => undefined);
  const early = held.borrow();
  expect(early.value).toBe(first);
  held.swap(second);
  held.swap(third);
  expect([first.closed, second.closed]).toEqual([false, false]);
  early.giveBack();
  expect([first.closed, second.closed, third.closed]).toEqual([true, true, false]);
});

it('closes at once what nobody uses, and everything in the end', async () => {
  const [first, second, third] = [closable(), closable(), closable()];
  const held = swapped(first, () => undefined);
  held.swap(second);
  expect(first.closed).toBe(true);
  held.borrow();
  held.swap(third);
  await held.close();
  expect([second.closed, third.closed]).toEqual([true, true]);
});

it('repeats after each end, at once when asked, and never twice at a time', async () => {
  const clock = manualClock();
  const ending = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  let [begun, running, most] = [0, 0, 0];
  const repeated = repeat(
    async () => {
      begun += 1;
      running += 1;
      most = Math.max(most, running);
      if (begun === 2) await promise;
      running -= 1;
      if (begun === 3) throw new Error('no');
    },
    { clock, everyMs: 1000, signal: ending.signal, onTrouble: () => undefined },
  );
  await settle();
  expect(begun).toBe(1);
  await clock.advance(1000);
  repeated.soon();
  repeated.soon();
  await clock.advance(5000);
  expect(begun).toBe(2);
  resolve();
  await settle();
  // what was asked for meanwhile came once, and its failure did not end it
  expect(begun).toBe(3);
  await clock.advance(1000);
  expect([begun, most]).toEqual([4, 1]);
  ending.abort();
  await repeated.ended;
  await clock.advance(5000);
  expect(begun).toBe(4);
});

it('says the same trouble once a minute, and another one at once', async () => {
  const clock = manualClock();
  const told: unknown[] = [];
  const say = quietTrouble({ ...silentLogger, error: (_message, fields) => void told.push(fields) }, clock, 'trouble');
  say(new Error('full'));
  say(new Error('full'));
  expect(told).toHaveLength(1);
  say(new Error('other'));
  expect(told).toHaveLength(2);
  await clock.advance(60_000);
  say(new Error('other'));
  expect(told).toHaveLength(3);
});

const RULES = `
registries: { "a.example:5000": { aliases: ["b.example"] } }
mirrors:
  - { name: heard, from: "a.example:5000/x", to: ["t.example/x"], schedule: off }
  - { name: by-alias, from: "b.example/y", to: ["t.example/y"], schedule: off }
  - { name: timed, from: "c.example/z", to: ["t.example/z"] }
  - { name: deaf, from: "a.example:5000/d", to: ["t.example/d"], schedule: off, onPush: false }
  - { name: unheard, from: "c.example/u", to: ["t.example/u"], schedule: off }
receivers:
  - { id: r, kind: harbor, registry: "a.example:5000", auth: { mode: header, name: x, secrets: [{ file: ./hook }] } }
api: { tls: { certificate: { file: /tls/crt }, key: { env: KEY } } }
`;

it('names the rules that nothing will ever start', () => {
  expect(neverTriggered(load(RULES).config)).toEqual(['deaf', 'unheard']);
});

it('finds every file that a configuration hangs on', () => {
  expect(referencedFiles(load(RULES), '/work')).toEqual(['/work/transship.yaml', '/work/hook', '/tls/crt']);
});

it('names what only a restart changes', () => {
  const before = load('').config;
  expect(needsRestart(before, load('').config)).toEqual([]);
  const after = load(
    'api: { listen: "127.0.0.1:1", trustProxy: true, tls: { certificate: { env: C }, key: { env: K } } }\ninstance: two\ndataDir: /d\n',
  );
  expect(needsRestart(before, after.config)).toEqual([
    'dataDir',
    'instance',
    'api.listen',
    'api.trustProxy',
    'api.tls',
  ]);
});
