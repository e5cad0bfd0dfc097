// When a place in trouble is looked at again.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { growingWaits } from '../../../shared/jobs/growing-waits.ts';

const START = new Date('2026-11-21T12:00:00Z');
const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms);

/** How long each of some looks in turn makes the next one wait, in seconds. */
function chain(waits: ReturnType<typeof growingWaits>, looks: number, place = 'a', troubles = ['away'], from = START) {
  let at = from;
  return Array.from({ length: looks }, () => {
    const next = waits.failed(place, troubles, at);
    const seconds = (next.getTime() - at.getTime()) / 1000;
    at = next;
    return seconds;
  });
}

test('waits double up to a quarter of an hour, and never less than the least one', () => {
  expect(
    chain(
      growingWaits(15_000, () => 1),
      9,
    ),
  ).toEqual([15, 16, 32, 64, 128, 256, 512, 900, 900]);
  expect(
    chain(
      growingWaits(60_000, () => 1),
      6,
    ),
  ).toEqual([60, 64, 128, 256, 512, 900]);
  expect(
    chain(
      growingWaits(15_000, () => 0),
      9,
    ),
  ).toEqual(Array.from({ length: 9 }, () => 15));
});

test('what is the matter with one place says nothing of another', () => {
  const waits = growingWaits(15_000, () => 1);
  chain(waits, 6);
  expect(chain(waits, 1, 'b')).toEqual([15]);
});

test('looks before the time count for nothing', () => {
  const waits = growingWaits(15_000, () => 1);
  const due = waits.failed('a', ['away'], START);
  for (const ms of [0, 1, 14_999]) expect(waits.failed('a', ['away'], later(START, ms))).toEqual(due);
  expect(waits.failed('a', ['away'], due)).toEqual(later(due, 16_000));
});

test('a place where something else is the matter, that was well, or of which somebody says so, is looked at soon', () => {
  const waits = growingWaits(15_000, () => 1);
  const at = later(START, 3_600_000);
  chain(waits, 5);
  expect(chain(waits, 1, 'a', ['away', 'other'], at)).toEqual([15]);
  // one of two that was the matter is no news
  expect(chain(waits, 1, 'a', ['other'], later(at, 15_000))).toEqual([16]);
  waits.passed('a');
  expect(chain(waits, 2, 'a', ['other'], at)).toEqual([15, 16]);
  waits.forget();
  expect(chain(waits, 1, 'a', ['other'], at)).toEqual([15]);
});

test('what nobody looked at here since long after its time counts for nothing: others may have seen it well', () => {
  const waits = growingWaits(15_000, () => 1);
  chain(waits, 7);
  expect(chain(waits, 2, 'a', ['away'], later(START, 2 * 3_600_000))).toEqual([15, 16]);
});

test('no more is remembered of what comes and goes than helps', () => {
  const waits = growingWaits(15_000, () => 1);
  let at = START;
  for (let number = 0; number < 5000; number += 1) at = waits.failed('a', ['always', `once ${number}`], at);
  // forgotten by now, and news again
  expect(waits.failed('a', ['always', 'once 0'], at)).toEqual(later(at, 15_000));
  expect(waits.failed('a', ['always'], later(at, 15_000))).toEqual(later(at, 31_000));
});

test('no look is planned for the past, nor later than a quarter of an hour', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const look = fc.record({
    ms: fc.nat(1_000_000),
    place: fc.constantFrom('a', 'b'),
    trouble: fc.constantFrom('x', 'y'),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 40 }), unit, (looks, random) => {
      const waits = growingWaits(15_000, () => random);
      let at = START;
      for (const { ms, place, trouble } of looks) {
        at = later(at, ms);
        const inMs = waits.failed(place, [trouble], at).getTime() - at.getTime();
        expect(inMs).toBeGreaterThan(0);
        expect(inMs).toBeLessThanOrEqual(900_000);
      }
    }),
  );
});
