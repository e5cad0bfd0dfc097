// How long an answer of a cluster is waited for.
import { expect, it } from 'vitest';
import { inTime } from '../../../functions/registry-token/in-time.ts';

it('gives what comes in time', async () => {
  await expect(inTime('prod', () => Promise.resolve(1))).resolves.toBe(1);
});

it('gives up on what never comes, and calls off its requests', async () => {
  let signal: AbortSignal | undefined;
  const never = inTime('prod', (given) => ((signal = given), new Promise(() => undefined)), 1);
  await expect(never).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('prod') });
  expect(signal?.reason).toMatchObject({ code: 'timeout' });
});

it('passes on what goes wrong', async () => {
  await expect(inTime('prod', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
});
