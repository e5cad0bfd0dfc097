// The choice between the two passwords of a registry token: what clusters hold is never the one that is made anew.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseSlot, type TokenPassword } from '../../../shared/registries/acr-token-slots.ts';

const NOW = new Date('2026-03-01T00:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function password(name: string, ageMs: number, leftMs: number | undefined): TokenPassword {
  return {
    name,
    createdAt: new Date(NOW.getTime() - ageMs),
    ...(leftMs === undefined ? {} : { expiresAt: new Date(NOW.getTime() + leftMs) }),
  };
}

const first = password('password1', 20 * DAY, 10 * DAY);
const second = password('password2', 10 * DAY, 20 * DAY);
const young = password('password2', HOUR / 2, 30 * DAY);
const endOf = ({ expiresAt }: TokenPassword): Date => expiresAt ?? new Date(0);

test.each<[string, TokenPassword[], Date[] | undefined, unknown]>([
  ['the first of two free slots', [], undefined, { slot: 'password1' }],
  ['the slot that is free', [first], undefined, { slot: 'password2' }],
  ['the slot whose password is over', [first, password('password2', 40 * DAY, -1)], undefined, { slot: 'password2' }],
  ['the older one, where nobody looked', [first, second], undefined, { slot: 'password1' }],
  ['the younger one, where it was made just now and may be lost', [first, young], undefined, { slot: 'password2' }],
  ['the one that nobody holds', [first, second], [endOf(first)], { slot: 'password2' }],
  ['the older one that nobody holds', [first, second], [endOf(second)], { slot: 'password1' }],
  ['one that was lost a while ago', [first, young], [endOf(first)], { slot: 'password2' }],
  [
    'none that another process made a moment ago, and may be handing out',
    [first, password('password2', 30_000, 30 * DAY)],
    [endOf(first)],
    { busyUntil: new Date(NOW.getTime() + 90_000) },
  ],
  ['the older of two that nobody holds', [first, second], [], { slot: 'password1' }],
  ['none of two that are held', [first, second], [endOf(first), endOf(second)], { busyUntil: first.expiresAt }],
  [
    'none of two that never end, where any is held',
    [password('password1', 9, undefined), password('password2', 8, undefined)],
    [NOW],
    { busyUntil: undefined },
  ],
])('takes %s', (_, passwords, inUse, choice) => {
  expect(chooseSlot(passwords, NOW, inUse)).toEqual(choice);
});

test('takes an end for the same that has lost its fraction of a second', () => {
  const fraction = { ...second, expiresAt: new Date(endOf(second).getTime() + 999) };
  expect(chooseSlot([first, fraction], NOW, [endOf(second)])).toEqual({ slot: 'password1' });
});

test('never takes a password that is held and still lives', () => {
  const span = fc.integer({ min: 2 * HOUR, max: 60 * DAY });
  fc.assert(
    fc.property(span, span, span, span, fc.constantFrom(0, 1, 2, 3), (age1, age2, left1, left2, held) => {
      const passwords = [password('password1', age1, left1), password('password2', age2, left2)];
      const inUse = passwords.filter((_, index) => (held & (index + 1)) !== 0).map(endOf);
      const choice = chooseSlot(passwords, NOW, inUse);
      const taken = 'slot' in choice ? passwords.filter(({ name }) => name === choice.slot) : [];
      expect(taken.filter((each) => inUse.includes(endOf(each)))).toEqual([]);
    }),
  );
});
