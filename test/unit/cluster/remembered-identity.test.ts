// An identity is asked for once for all who wait, and anew near its end, after a failure and when it was refused.
import { expect, it } from 'vitest';
import type { Identity } from '../../../shared/cluster/connection.ts';
import { rememberIdentity } from '../../../shared/cluster/remembered-identity.ts';

const START = Date.parse('2026-11-21T10:00:00Z');

function bed(lifeMs: number | undefined) {
  const state = { nowMs: START, asked: 0, isFailing: false };
  const ask = (): Promise<Identity> => {
    state.asked += 1;
    if (state.isFailing) return Promise.reject(new Error('away'));
    return Promise.resolve(lifeMs === undefined ? {} : { expiresAt: new Date(state.nowMs + lifeMs) });
  };
  const remembered = rememberIdentity(ask, () => new Date(state.nowMs));
  return { state, ...remembered };
}

it.each([
  ['an hour, until a minute before its end', 3_600_000, 3_600_000 - 60_000],
  ['a minute, until a tenth before its end', 60_000, 54_000],
  ['nothing: it is not asked at each request', 0, 5_000],
  ['less than nothing, by a clock that is wrong', -3_600_000, 5_000],
])('keeps what lives for %s', async (_name, lifeMs, keptMs) => {
  const { state, identity } = bed(lifeMs);
  await Promise.all([identity(), identity()]);
  state.nowMs = START + keptMs - 1;
  await identity();
  expect(state.asked).toBe(1);
  state.nowMs = START + keptMs;
  await identity();
  expect(state.asked).toBe(2);
});

it('keeps what does not tell its end, until it is refused', async () => {
  const { state, identity, forget } = bed(undefined);
  await identity();
  state.nowMs += 365 * 86_400_000;
  await identity();
  expect(state.asked).toBe(1);
  forget();
  await identity();
  expect(state.asked).toBe(2);
});

it('asks again after a failure', async () => {
  const { state, identity } = bed(3_600_000);
  state.isFailing = true;
  await expect(identity()).rejects.toThrow('away');
  state.isFailing = false;
  await expect(identity()).resolves.toBeDefined();
  expect(state.asked).toBe(2);
});
