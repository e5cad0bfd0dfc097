// The hash whose state outlives its process.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { assert, asyncProperty, constantFrom, nat, uint8Array } from 'fast-check';
import { expect, it } from 'vitest';
import { HASH_LIBRARY, openHash } from '../../../shared/mirror/resumable-hash.ts';

it('gives the digest of the whole, wherever it was kept and loaded again', async () => {
  await assert(
    asyncProperty(
      constantFrom('sha256', 'sha512'),
      uint8Array({ maxLength: 500 }),
      nat(500),
      async (algorithm, bytes, cut) => {
        const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
        const first = await openHash(digest);
        first.update(bytes.subarray(0, cut));
        const state = Buffer.from(first.save()).toString('base64');
        const second = await openHash(digest, Buffer.from(state, 'base64'));
        second.update(bytes.subarray(cut));
        expect(`${algorithm}:${second.digest()}`).toBe(digest);
        expect(state.length).toBeLessThan(300);
      },
    ),
    { numRuns: 40 },
  );
});

it('refuses a state that it did not write', async () => {
  await expect(openHash(`sha256:${'0'.repeat(64)}`, new Uint8Array(116))).rejects.toThrow('incompatible');
});

it('names the installed version', () => {
  const { version }: { version: string } = createRequire(import.meta.url)('hash-wasm/package.json');
  expect(HASH_LIBRARY).toBe(`hash-wasm ${version}`);
});
