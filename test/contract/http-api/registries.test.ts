// Registries over HTTP: what each of them answers, asked once in a while.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

let bed: ApiBed<ManualClock>;
let token: string;
const asked: string[] = [];
let fault: Error | undefined;

beforeAll(async () => {
  bed = await openApiBed({
    probeRegistry: async (host) => {
      asked.push(host);
      if (fault !== undefined) throw fault;
      const login = { kind: 'password', username: 'mirror', renewAt: new Date('2026-11-21T13:00:00Z') } as const;
      if (host === 'src.example.com') return { isReachable: true, login };
      return { isReachable: false, error: { code: 'timeout', message: 'it did not answer' } };
    },
  });
  token = await bed.token({ scopes: ['read'] });
});

afterAll(() => bed.close());

it('shows which there are, what they are for and how they answer', async () => {
  const answer = await bed.ask('/v1/registries', { token });
  const error = { code: 'timeout', message: 'it did not answer' };
  expect(await answer.json()).toEqual({
    items: [
      { registry: 'dst.example.com', rules: ['base', 'tools'], isReachable: false, error },
      {
        registry: 'src.example.com',
        rules: ['base'],
        isReachable: true,
        login: { kind: 'password', username: 'mirror', renewAt: '2026-11-21T13:00:00.000Z' },
      },
      { registry: 'tools.example.com', rules: ['tools'], isReachable: false, error },
    ],
  });
});

it('asks a registry no more often than every 15 seconds', async () => {
  bed.clock.step(60_000);
  asked.length = 0;
  await Promise.all([1, 2, 3].map(() => bed.ask('/v1/registries', { token })));
  bed.clock.step(14_000);
  await bed.ask('/v1/registries', { token });
  expect(asked).toHaveLength(3);
  bed.clock.step(1000);
  await bed.ask('/v1/registries', { token });
  expect(asked).toHaveLength(6);
});

it('does not keep a fault of its own', async () => {
  bed.clock.step(60_000);
  fault = new Error('unexpected');
  expect((await bed.ask('/v1/registries', { token })).status).toBe(500);
  fault = undefined;
  expect((await bed.ask('/v1/registries', { token })).status).toBe(200);
});
