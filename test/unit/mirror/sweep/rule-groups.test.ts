// Rules that may meet at a target stand together, the others apart.
import { expect, test } from 'vitest';
import { groupRules } from '../../../../shared/mirror/sweep/rule-groups.ts';
import { ruleFor } from '../../../support/sweep-bed.ts';

const rules = [
  { ...ruleFor('a.io/x/*', 't.io/shared/{name}'), name: 'a' },
  { ...ruleFor('b.io/alone', 't.io/alone'), name: 'alone', priority: 5 },
  { ...ruleFor('b.io/x/*', 't.io/shared/{name}'), name: 'b' },
  { ...ruleFor('c.io/x/*', 't.io/shared/{name}'), name: 'c', priority: 9 },
  { ...ruleFor('d.io/*/app', 't.io/lossy/{name}'), name: 'lossy' },
];

test('groups by where targets may meet, in the order of the configuration, greater priority first', () => {
  const groups = groupRules(rules).map((group) => [group.mayCollide, ...group.rules.map(({ name }) => name)]);
  expect(groups).toEqual([
    [true, 'a', 'b', 'c'],
    [false, 'alone'],
    [true, 'lossy'],
  ]);
});

test('has nothing to group', () => {
  expect(groupRules([])).toEqual([]);
});
