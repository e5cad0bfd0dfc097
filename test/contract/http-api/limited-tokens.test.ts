// Tokens that are held to some rules or registries: what is not theirs does not exist for them.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import { sweepJob } from '../../../functions/job-kinds/sweep-job.ts';
import { HOOK_SECRET, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

let bed: ApiBed<ManualClock>;
let tokens: { ofRule: string; ofRegistries: string; ofAll: string };
let jobs: Record<'base' | 'tools' | 'direct' | 'sweepBase' | 'sweepTools', string>;

beforeAll(async () => {
  bed = await openApiBed();
  const scopes = ['mirror'] as const;
  tokens = {
    ofRule: await bed.token({ scopes, rules: ['base'] }),
    ofRegistries: await bed.token({ scopes, registries: ['src.example.com', 'dst.example.com'] }),
    ofAll: await bed.token({ scopes }),
  };
  const mirror = async (source: string, target: string, rule?: string): Promise<string> => {
    const terms = { trigger: 'api', referrers: true, onConflict: 'overwrite' } as const;
    const payload = { source, targets: [target], ...terms, ...(rule === undefined ? {} : { rule }) };
    return (await bed.store.jobs.accept(mirrorJob(payload))).id;
  };
  const sweep = async (rule: string) => (await bed.store.jobs.accept(sweepJob({ rule, trigger: 'api' }))).id;
  jobs = {
    base: await mirror('src.example.com/team/app:1', 'dst.example.com/mirror/app:1', 'base'),
    tools: await mirror('tools.example.com/t/x:1', 'dst.example.com/tools/x:1', 'tools'),
    direct: await mirror('src.example.com/team/app:1', 'dst.example.com/direct:1'),
    sweepBase: await sweep('base'),
    sweepTools: await sweep('tools'),
  };
});

beforeEach(() => bed.clock.step(60_000));

afterAll(() => bed.close());

async function seenBy(token: string, path: string): Promise<string[]> {
  const answer = await bed.ask(path, { token });
  const { items } = (await answer.json()) as { items: { id?: string; name?: string; registry?: string }[] };
  return items.map(({ id, name, registry }) => id ?? name ?? registry ?? '');
}

describe('jobs', () => {
  it('are seen by those whose rule or registries they are of', async () => {
    const { base, tools, direct, sweepBase, sweepTools } = jobs;
    expect((await seenBy(tokens.ofAll, '/v1/jobs')).sort()).toEqual(
      [base, tools, direct, sweepBase, sweepTools].sort(),
    );
    expect((await seenBy(tokens.ofRule, '/v1/jobs')).sort()).toEqual([base, sweepBase].sort());
    expect((await seenBy(tokens.ofRegistries, '/v1/jobs')).sort()).toEqual([base, direct, sweepBase].sort());
  });

  it('come in pages that are full as far as there is something', async () => {
    const answer = await bed.ask('/v1/jobs?limit=2', { token: tokens.ofRule });
    const { items, next } = (await answer.json()) as { items: unknown[]; next?: string };
    expect([items.length, next]).toEqual([2, undefined]);
  });

  it.each(['', '/events', '/cancel', '/retry'])('of others do not exist: %s', async (verb) => {
    const method = verb === '/cancel' || verb === '/retry' ? 'POST' : 'GET';
    const { tools, direct, sweepTools } = jobs;
    for (const [token, ids] of [
      [tokens.ofRule, [tools, direct, sweepTools]],
      [tokens.ofRegistries, [tools, sweepTools]],
    ] as const) {
      for (const id of ids) expect((await bed.ask(`/v1/jobs/${id}${verb}`, { method, token })).status).toBe(404);
    }
    expect((await bed.store.jobs.get(tools))?.state).toBe('READY');
  });
});

it('shows each its own rules and registries', async () => {
  expect(await seenBy(tokens.ofAll, '/v1/rules')).toEqual(['base', 'tools']);
  expect(await seenBy(tokens.ofRule, '/v1/rules')).toEqual(['base']);
  expect(await seenBy(tokens.ofRegistries, '/v1/rules')).toEqual(['base']);
  expect(await seenBy(tokens.ofAll, '/v1/registries')).toEqual([
    'dst.example.com',
    'src.example.com',
    'tools.example.com',
  ]);
  expect(await seenBy(tokens.ofRule, '/v1/registries')).toEqual(['dst.example.com', 'src.example.com']);
});

it('sweeps no rule of others', async () => {
  const sync = (rule: string, token: string) => bed.ask(`/v1/rules/${rule}/sync`, { method: 'POST', token });
  expect((await sync('tools', tokens.ofRule)).status).toBe(404);
  expect((await sync('tools', tokens.ofRegistries)).status).toBe(404);
  expect((await sync('none', tokens.ofAll)).status).toBe(404);
  const answer = await sync('base', tokens.ofRule);
  expect(answer.status).toBe(202);
  const id = answer.headers.get('location')?.replace('/v1/jobs/', '') ?? '';
  expect((await bed.store.jobs.get(id))?.payload).toEqual({ rule: 'base', trigger: 'api' });
});

describe('mirrors', () => {
  const source = 'src.example.com/team/app:1';
  const mirror = (token: string, body: unknown) => bed.ask('/v1/mirrors', { method: 'POST', token, body });

  it('are asked for by rule, where the token is for rules', async () => {
    expect((await mirror(tokens.ofRule, { source, rule: 'base' })).status).toBe(202);
    expect((await mirror(tokens.ofRule, { source: 'tools.example.com/t/x:1', rule: 'tools' })).status).toBe(404);
    expect((await mirror(tokens.ofRule, { source, targets: ['dst.example.com/mirror/app:1'] })).status).toBe(403);
  });

  it('stay within the registries of the token', async () => {
    expect((await mirror(tokens.ofRegistries, { source, targets: ['dst.example.com/any:1'] })).status).toBe(202);
    for (const body of [
      { source, targets: ['dst.example.com/any:1', 'tools.example.com/any:1'] },
      { source: 'docker.io/library/alpine:3', targets: ['dst.example.com/any:1'] },
      { source: 'docker.io/library/alpine:3', targets: ['dst.example.com/any:1'], dryRun: true },
    ]) {
      expect((await mirror(tokens.ofRegistries, body)).status).toBe(403);
    }
  });
});

describe('received pushes', () => {
  const target = (repository: string) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    repository,
    tag: '9',
  });

  beforeAll(async () => {
    const events = ['team/app', 'other/app'].map((repository) => ({
      id: repository,
      action: 'push',
      target: target(repository),
    }));
    await bed.ask('/hooks/distribution/src', {
      method: 'POST',
      body: { events },
      headers: { authorization: HOOK_SECRET },
    });
  });

  it('are seen with what became of them', async () => {
    const answer = await bed.ask('/v1/events', { token: tokens.ofAll });
    const { items } = (await answer.json()) as {
      items: { id: string; event: { repository: string }; jobIds: string[] }[];
    };
    expect(items.map(({ event }) => event.repository).sort()).toEqual(['other/app', 'team/app']);
    const found = items.find(({ event }) => event.repository === 'team/app')!;
    expect(found.jobIds).toHaveLength(1);
    const one = await bed.ask(`/v1/events/${found.id}`, { token: tokens.ofRegistries });
    expect(await one.json()).toEqual(found);
  });

  it('can be of one receiver, or only those that matter', async () => {
    expect(await seenBy(tokens.ofAll, '/v1/events?receiver=hub')).toEqual([]);
    expect(await seenBy(tokens.ofAll, '/v1/events?receiver=src&relevant=true')).toHaveLength(2);
    expect(await seenBy(tokens.ofAll, '/v1/events?relevant=false')).toEqual([]);
    expect((await bed.ask('/v1/events?relevant=yes', { token: tokens.ofAll })).status).toBe(422);
  });

  it('of repositories that are not its rules are hidden from a token', async () => {
    const all = await seenBy(tokens.ofAll, '/v1/events');
    const own = await seenBy(tokens.ofRule, '/v1/events');
    expect(own).toHaveLength(1);
    const [foreign] = all.filter((id) => !own.includes(id));
    expect((await bed.ask(`/v1/events/${foreign}`, { token: tokens.ofRule })).status).toBe(404);
    expect((await bed.ask('/v1/events/none', { token: tokens.ofAll })).status).toBe(404);
  });
});
