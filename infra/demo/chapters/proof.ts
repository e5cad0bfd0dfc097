// Proves what the other chapters showed: reads everything back from the targets with another client and hashes it.
import type { KeyObject } from 'node:crypto';
import { watchTarget } from '../arrival.ts';
import { proveBelongings, proveContent, proveLoginIsBound, type Check } from '../proof.ts';
import type { Scene } from './scene.ts';

const ARRIVES_WITHIN_MS = 60_000;

export async function proveAll(
  { stage, images, oldImage, tell, signal }: Scene,
  publicKey: KeyObject,
): Promise<{ checks: Check[]; hashedBytes: number }> {
  tell({ type: 'chapter', chapter: 'proof' });
  const checks: Check[] = [];
  let hashedBytes = 0;
  const note = (check: Check) => {
    signal.throwIfAborted();
    checks.push(check);
    tell({ type: 'check', ...check });
  };
  const [open, locked] = stage.targets;
  note(proveLoginIsBound(locked.registry, [stage.source, open.registry]));
  for (const target of stage.targets) {
    // nobody waited for it until now
    await watchTarget(target, oldImage).arrived(signal, ARRIVES_WITHIN_MS);
    const { sizeBytes, ...check } = await proveContent(target, [oldImage, ...Object.values(images)]);
    hashedBytes += sizeBytes;
    note(check);
  }
  for (const target of stage.targets) note(await proveBelongings(target, images.app, publicKey));
  return { checks, hashedBytes };
}
