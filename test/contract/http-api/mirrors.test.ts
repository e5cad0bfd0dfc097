// Mirrors on demand: what a request becomes, once per idempotency key, for whom, and the plan without the deed.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { configOf, CONFIG, openApiBed, type ApiBed, type Ask } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';
import { plantImage } from '../../support/planted-image.ts';

const SOURCE = 'src.example.com/team/app:1.0';
const TARGET = 'dst.example.com/mirror/app:1.0';

let bed: ApiBed<ManualClock>;
let registry: RunningRegistry;
let token: string;

beforeAll(async () => {
  registry = await startRegistry();
  const config = configOf(CONFIG.replace('registries:\n', `registries:\n  "${registry.host}": { plainHttp: true }\n`));
  bed = await openApiBed({}, config);
  token = await bed.token({ scopes: ['mirror'] });
});

beforeEach(() => bed.clock.step(60_000));

afterAll(async () => {
  await bed.close();
  await registry.stop();
});

function mirror(body: unknown, ask: Ask = {}): Promise<Response> {
  return bed.ask('/v1/mirrors', { method: 'POST', token, body, ...ask });
}

async function payloadOf(answer: Response): Promise<unknown> {
  expect(answer.status).toBe(202);
  const job = (await (await bed.ask(answer.headers.get('location') ?? '', { token })).json()) as { payload: unknown };
  return job.payload;
}

describe('a request', () => {
  it('becomes a job with what was asked for', async () => {
    const answer = await mirror({
      source: 'src.example.com/team/app',
      targets: ['dst.example.com/a:1', 'ghcr.io/acme/app:1'],
      platforms: { include: ['linux/amd64'], mode: 'rewrite' },
      referrers: false,
      onConflict: 'refuse',
    });
    expect(await payloadOf(answer)).toEqual({
      source: 'src.example.com/team/app:latest',
      targets: ['dst.example.com/a:1', 'ghcr.io/acme/app:1'],
      trigger: 'api',
      platforms: { include: ['linux/amd64'], mode: 'rewrite' },
      referrers: false,
      onConflict: 'refuse',
    });
  });

  it('of a rule has its targets, terms and priority', async () => {
    const answer = await mirror({ source: SOURCE, rule: 'base' });
    const job = await (await bed.ask(answer.headers.get('location') ?? '', { token })).json();
    expect(job).toMatchObject({
      priority: 7,
      payload: { source: SOURCE, targets: [TARGET], rule: 'base', referrers: true, onConflict: 'overwrite' },
    });
  });

  it.each([
    ['no source', { targets: [TARGET] }, '#/source'],
    ['neither targets nor a rule', { source: SOURCE }, '#/targets'],
    ['targets and a rule', { source: SOURCE, targets: [TARGET], rule: 'base' }, '#/rule'],
    ['no targets', { source: SOURCE, targets: [] }, '#/targets'],
    ['terms beside a rule', { source: SOURCE, rule: 'base', onConflict: 'overwrite' }, '#/onConflict'],
    ['a wrong target', { source: SOURCE, targets: [TARGET, 'Dst.example.com/UPPER:1'] }, '#/targets/1'],
    ['a target twice', { source: SOURCE, targets: [TARGET, TARGET] }, '#/targets/1'],
    ['the source as target', { source: SOURCE, targets: [SOURCE] }, '#/targets/0'],
    ['no platform', { source: SOURCE, targets: [TARGET], platforms: { include: ['?'] } }, '#/platforms/include/0'],
    ['an unknown member', { source: SOURCE, targets: [TARGET], 'a/b~c': 1 }, '#/a~1b~0c'],
    ['a list', [], '#'],
    ['a source of another rule', { source: 'src.example.com/other/app:1', rule: 'base' }, '#/source'],
    ['a source that the rule denies', { source: 'src.example.com/team/app:1-rc1', rule: 'base' }, '#/source'],
    [
      'a digest beside the tag that a rule selects',
      { source: `${SOURCE}@sha256:${'a'.repeat(64)}`, rule: 'base' },
      '#/source',
    ],
    [
      'a source without a tag for a rule',
      { source: `src.example.com/team/app@sha256:${'a'.repeat(64)}`, rule: 'base' },
      '#/source',
    ],
  ])('with %s is refused, and told where it is wrong', async (_, body, pointer) => {
    const before = await bed.store.jobs.counts();
    const answer = await mirror(body);
    expect(answer.status).toBe(422);
    const { errors } = (await answer.json()) as { errors: { pointer: string }[] };
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(await bed.store.jobs.counts()).toEqual(before);
  });

  it('for a rule that there is not gets 404', async () => {
    expect((await mirror({ source: SOURCE, rule: 'none' })).status).toBe(404);
  });

  it.each(['10.0.0.1:5000', 'registry:5000', 'localhost:5000', '169.254.169.254', 'registry.team.svc', '[::1]:5000'])(
    'does not make us knock at %s, which nobody configured',
    async (host) => {
      for (const body of [
        { source: `${host}/a:1`, targets: [TARGET], dryRun: true },
        { source: SOURCE, targets: [`${host}/a:1`] },
      ]) {
        expect((await mirror(body)).status).toBeOneOf([403, 422]);
      }
    },
  );
});

describe('an idempotency key', () => {
  const body = { source: SOURCE, targets: ['dst.example.com/once:1'] };
  const keyed = (key: string, more: Ask = {}): Ask => ({ headers: { 'idempotency-key': key }, ...more });

  it('gives the same job for the same request', async () => {
    const first = await mirror(body, keyed('one'));
    const again = await mirror({ targets: body.targets, referrers: true, source: body.source }, keyed('one'));
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const other = await mirror(body, keyed('two'));
    expect(other.headers.get('location')).not.toBe(first.headers.get('location'));
  });

  it('stands for one request', async () => {
    await mirror(body, keyed('three'));
    const other = await mirror({ ...body, onConflict: 'refuse' }, keyed('three'));
    expect([other.status, await other.json()]).toEqual([
      422,
      expect.objectContaining({ code: 'idempotency-key-reused' }),
    ]);
  });

  it('is each client its own', async () => {
    const other = await bed.token({ scopes: ['mirror'] });
    const mine = await mirror(body, keyed('four'));
    const theirs = await mirror({ ...body, onConflict: 'refuse' }, keyed('four', { token: other }));
    expect(theirs.status).toBe(202);
    expect(theirs.headers.get('location')).not.toBe(mine.headers.get('location'));
  });

  it('has 1 to 255 characters', async () => {
    expect((await mirror(body, keyed('x'.repeat(256)))).status).toBe(422);
    expect((await mirror(body, keyed('a b'))).status).toBe(422);
  });
});

describe('a dry run', () => {
  it('tells what would be done, and does nothing', async () => {
    const { digest } = await plantImage(registry, 'team/app', { tag: '1.0' });
    const requests = registry.requests.length;
    const before = await bed.store.jobs.counts();
    const answer = await mirror({
      source: `${registry.host}/team/app:1.0`,
      targets: [`${registry.host}/copy/app:1.0`],
      dryRun: true,
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      source: { digest },
      targets: [{ reference: `${registry.host}/copy/app:1.0`, state: 'planned', digest }],
    });
    expect(registry.requests.slice(requests).filter(({ method }) => !['GET', 'HEAD'].includes(method))).toEqual([]);
    expect(await bed.store.jobs.counts()).toEqual(before);
  });

  it('says 404 where there is no such image', async () => {
    const answer = await mirror({
      source: `${registry.host}/none:1`,
      targets: [`${registry.host}/copy:1`],
      dryRun: true,
    });
    expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: 'not-found' })]);
  });
});
