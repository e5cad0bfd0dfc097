// What one target needs, by the policy for tags that name something else; and the order in which blobs go.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inCopyOrder, planTarget, type TargetPlan } from '../../../shared/mirror/plan.ts';
import type { ConflictPolicy } from '../../../shared/mirror/copy-types.ts';

const WANTED = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'0123456789abcdef'.repeat(4)}`;
const BACKUP = { tag: 'v1-backup-0123456789ab', digest: OTHER };

describe('plans', () => {
  test.each<[ConflictPolicy, observed: string | undefined, tag: string | undefined, TargetPlan]>([
    ['overwrite', undefined, 'v1', { action: 'write' }],
    ['refuse', undefined, 'v1', { action: 'write' }],
    ['backup', undefined, 'v1', { action: 'write' }],
    ['overwrite', WANTED, 'v1', { action: 'none' }],
    ['refuse', WANTED, 'v1', { action: 'none' }],
    ['backup', WANTED, 'v1', { action: 'none' }],
    ['overwrite', OTHER, 'v1', { action: 'write' }],
    ['refuse', OTHER, 'v1', { action: 'refuse', existing: OTHER }],
    ['backup', OTHER, 'v1', { action: 'write', backup: BACKUP }],
    ['backup', OTHER, undefined, { action: 'write' }],
  ])('%s where the target has %s under tag %s', (onConflict, observed, tag, expected) => {
    const head = observed === undefined ? undefined : { digest: observed };
    expect(planTarget({ digest: WANTED, tag, onConflict }, head)).toEqual(expected);
  });

  test('backup tags that are tags, and keep the digest apart, however long the tag is', () => {
    const tags = fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/),
      fc.integer({ min: 1, max: 128 }).map((length) => 'v'.repeat(length)),
    );
    const digests = fc
      .tuple(fc.constantFrom('sha256', 'sha512'), fc.stringMatching(/^[0-9a-f]{64}$/))
      .map((parts) => parts.join(':'));
    fc.assert(
      fc.property(tags, digests, (tag, digest) => {
        const plan = planTarget({ digest: WANTED, tag, onConflict: 'backup' }, { digest });
        const backup = plan.action === 'write' ? plan.backup?.tag : undefined;
        expect(backup).toMatch(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
        expect(backup?.endsWith(`-backup-${digest.split(':')[1]?.slice(0, 12)}`)).toBe(true);
        expect(backup?.startsWith(tag.slice(0, 128 - '-backup-0123456789ab'.length))).toBe(true);
      }),
    );
  });
});

test('sends small blobs first, in their order, then the largest first', () => {
  const sizes = (order: readonly { size: number }[]) => order.map(({ size }) => size);
  expect(
    sizes(
      inCopyOrder(
        [50, 7, 100, 10, 3, 11].map((size) => ({ size })),
        10,
      ),
    ),
  ).toEqual([7, 10, 3, 100, 50, 11]);
  fc.assert(
    fc.property(fc.array(fc.nat(100)), (given) => {
      const ordered = sizes(
        inCopyOrder(
          given.map((size) => ({ size })),
          50,
        ),
      );
      expect(ordered.toSorted((a, b) => a - b)).toEqual(given.toSorted((a, b) => a - b));
    }),
  );
});
