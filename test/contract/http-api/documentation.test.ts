// The page about the API: its examples are taken by the API, and its routes are there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mirrorOrder } from '../../../functions/http-api/mirror-order.ts';
import { problemSchema, titleOf } from '../../../functions/http-api/problem.ts';
import { ROOT } from '../../support/documentation.ts';
import { configOf, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const page = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');

let bed: ApiBed<ManualClock>;
beforeAll(async () => void (bed = await openApiBed()));
afterAll(() => bed.close());

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block);
}

it('shows bodies that are taken', () => {
  expect(blocks('json mirror')).toHaveLength(2);
  for (const block of blocks('json mirror')) mirrorOrder.parse(JSON.parse(block));
  const sent = [...page.matchAll(/-d '(\{.*?\})'/g)].map(([, body = '']) => body);
  expect(sent).toHaveLength(1);
  for (const body of sent) mirrorOrder.parse(JSON.parse(body));
});

it('shows problems and configurations as they are', () => {
  expect(blocks('json')).toHaveLength(1);
  for (const block of blocks('json')) {
    const problem = problemSchema.parse(JSON.parse(block));
    expect(problem.title).toBe(titleOf(problem.status));
  }
  expect(blocks('yaml').map((block) => configOf(block.replace(/^ *rules:.*$/m, '')).api.oidc.length)).toEqual([1]);
});

it('names every route that is not for receivers or health, and no other', async () => {
  const { paths } = (await (await bed.ask('/openapi.json')).json()) as { paths: Record<string, object> };
  const known = Object.keys(paths).filter((path) => path.startsWith('/v1/'));
  const named = new Set([...page.matchAll(/\/v1\/[a-z-]+(?:\/\{\w+\}(?:\/\w+)?|\/[a-z]+)?/g)].map(([path]) => path));
  const shown = known.filter((path) => !['/v1/jobs/{id}', '/v1/jobs/{id}/events', '/v1/events/{id}'].includes(path));
  expect(shown.filter((path) => !named.has(path))).toEqual([]);
  expect([...named].filter((path) => !known.includes(path))).toEqual([]);
});

it('lists every status of an error that a route can answer', async () => {
  const { paths } = (await (await bed.ask('/openapi.json')).json()) as {
    paths: Record<string, Record<string, { responses: Record<string, object> }>>;
  };
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const statuses = new Set(operations.flatMap(({ responses }) => Object.keys(responses)));
  for (const status of [...statuses].filter((one) => one >= '400' && one !== '500')) expect(page).toContain(status);
});
