// Points in time beside now.
import { expect, test } from 'vitest';
import { ago } from '../../../infra/cli/output/ago.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

test.each([
  ['2026-11-21T12:00:00.000Z', '0s ago'],
  ['2026-11-21T11:59:01.000Z', '59s ago'],
  ['2026-11-21T11:59:00.000Z', '1m ago'],
  ['2026-11-21T11:00:01.000Z', '59m ago'],
  ['2026-11-20T12:00:01.000Z', '23h ago'],
  ['2026-08-01T12:00:00.000Z', '112d ago'],
  ['2026-11-21T12:00:01.500Z', 'in 2s'],
  ['2026-11-24T11:59:59.000Z', 'in 3d'],
  ['yesterday', 'yesterday'],
])('%s is %s', (time, expected) => {
  expect(ago(time, NOW)).toBe(expected);
});
