// What a test says when it needs a real server or client: its path, or the test is skipped and the reason printed.
import { inject, TestRunner } from 'vitest';
import type { ComponentName } from './provision/components.ts';

/** The path of a component's program; in a test (not in a hook) where it is missing, skips that test. */
export function requireComponent(name: ComponentName): string {
  const found = inject('components')[name];
  if (found !== undefined) return found;
  const reason = `${name} is missing: ${inject('missingComponents')[name] ?? 'it was not provisioned'}`;
  const current = TestRunner.getCurrentTest();
  if (current === undefined) throw new Error(reason);
  return current.context.skip(reason);
}

/** For `describe.skipIf(isMissing('skopeo', 'ctr'))`, where hooks need the components too. */
export function isMissing(...names: readonly ComponentName[]): boolean {
  return names.some((name) => inject('components')[name] === undefined);
}
