// API tokens over HTTP: made with a text that is told once, listed without it, and worth nothing when revoked.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

let bed: ApiBed<ManualClock>;
let admin: string;

beforeAll(async () => {
  bed = await openApiBed();
  admin = await bed.token();
});

beforeEach(() => bed.clock.step(60_000));

afterAll(() => bed.close());

function make(body: unknown): Promise<Response> {
  return bed.ask('/v1/api-tokens', { method: 'POST', token: admin, body });
}

it('makes a token that works until it is revoked, and tells its text once', async () => {
  const answer = await make({
    name: 'ci',
    scopes: ['read', 'read'],
    rules: ['base'],
    expiresAt: '2030-01-01T00:00:00Z',
  });
  expect(answer.status).toBe(201);
  const { token, ...shown } = (await answer.json()) as { token: string; id: string };
  expect(shown).toMatchObject({ name: 'ci', scopes: ['read'], rules: ['base'], expiresAt: '2030-01-01T00:00:00.000Z' });
  expect(answer.headers.get('location')).toBe(`/v1/api-tokens/${shown.id}`);
  expect((await bed.ask('/v1/jobs', { token })).status).toBe(200);
  const list = await (await bed.ask('/v1/api-tokens', { token: admin })).text();
  expect(JSON.parse(list)).toMatchObject({ items: [shown, { id: 't1' }] });
  expect(list).not.toContain(token);
  const revoke = () => bed.ask(`/v1/api-tokens/${shown.id}`, { method: 'DELETE', token: admin });
  expect((await revoke()).status).toBe(204);
  expect((await bed.ask('/v1/jobs', { token })).status).toBe(401);
  expect((await revoke()).status).toBe(404);
});

it.each([
  ['no name', { scopes: ['read'] }],
  ['no scope', { name: 'x', scopes: [] }],
  ['an unknown scope', { name: 'x', scopes: ['root'] }],
  ['a past end', { name: 'x', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' }],
  ['an end that is no time', { name: 'x', scopes: ['read'], expiresAt: 'tomorrow' }],
  ['an administrator with limits', { name: 'x', scopes: ['admin'], rules: ['base'] }],
  ['no rules', { name: 'x', scopes: ['read'], rules: [] }],
  ['a text of its own', { name: 'x', scopes: ['read'], token: 'tsk_mine' }],
])('makes none with %s', async (_, body) => {
  const before = await bed.store.apiTokens.list();
  expect((await make(body)).status).toBe(422);
  expect(await bed.store.apiTokens.list()).toEqual(before);
});
