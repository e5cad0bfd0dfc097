// Jobs over HTTP: pages, progress, the stream of a job's history, cancelling and retrying.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessJob } from '../../../functions/job-kinds/access-job.ts';
import { credentialsJob } from '../../../functions/job-kinds/credentials-job.ts';
import { grantsJob } from '../../../functions/job-kinds/grants-job.ts';
import { mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import type { Claimed } from '../../../shared/jobs/job-store.ts';
import { openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import { settle, type ManualClock } from '../../support/jobs/manual-clock.ts';

let bed: ApiBed<ManualClock>;
let token: string;
let number = 0;

beforeAll(async () => {
  bed = await openApiBed();
  token = await bed.token({ scopes: ['mirror'] });
});

beforeEach(() => bed.clock.step(60_000));

afterAll(() => bed.close());

async function newJob({ store } = bed): Promise<string> {
  number += 1;
  const terms = { trigger: 'api', referrers: true, onConflict: 'overwrite' } as const;
  const targets = [`dst.example.com/mirror/app:${number}`];
  const job = mirrorJob({ source: 'src.example.com/team/app:1', targets, ...terms });
  return (await store.jobs.accept(job)).id;
}

/** Claims the job, whatever else waits. */
async function claim(id: string): Promise<Claimed> {
  const claimed = await bed.store.jobs.claim('mirror', 100, 1000);
  const own = claimed.find(({ job }) => job.id === id)!;
  for (const other of claimed) if (other !== own) await bed.store.jobs.yield(other.lease, 'stop');
  return own;
}

async function getJson(path: string): Promise<Record<string, unknown>> {
  const answer = await bed.ask(path, { token });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

describe('the list', () => {
  it('has all jobs, newest first, page by page', async () => {
    const ids = [await newJob(), await newJob(), await newJob()].toReversed();
    const first = await bed.ask('/v1/jobs?limit=2&state=READY', { token });
    const page = (await first.json()) as { items: { id: string }[]; next: string };
    expect(page.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const link = /^<(?<path>[^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.groups?.['path'] ?? '';
    expect(link).toBe(`/v1/jobs?limit=2&state=READY&cursor=${page.next}`);
    const second = await getJson(link);
    expect((second['items'] as { id: string }[])[0]?.id).toBe(ids[2]);
    expect((await getJson('/v1/jobs?limit=200'))['next']).toBeUndefined();
  });

  it('is empty behind a cursor that is none', async () => {
    expect(await getJson('/v1/jobs?cursor=none')).toEqual({ items: [] });
  });

  it('can be of one state and one kind', async () => {
    const id = await newJob();
    await bed.store.jobs.cancel(id);
    expect((await getJson('/v1/jobs?state=CANCELLED&limit=1'))['items']).toMatchObject([{ id, state: 'CANCELLED' }]);
    expect(await getJson('/v1/jobs?kind=sweep')).toEqual({ items: [] });
  });
});

describe('a job', () => {
  it('shows its last progress and its result', async () => {
    const id = await newJob();
    const { lease } = await claim(id);
    for (let sent = 1; sent <= 60; sent += 1) await bed.store.jobs.progress(lease, { sent });
    expect(await getJson(`/v1/jobs/${id}`)).toMatchObject({ id, state: 'LEASED', progress: { sent: 60 } });
    await bed.store.jobs.complete(lease, { state: 'done' });
    expect(await getJson(`/v1/jobs/${id}`)).toMatchObject({
      state: 'DONE',
      progress: { sent: 60 },
      result: { state: 'done' },
      finishedAt: bed.clock.now().toISOString(),
    });
  });

  it('shows why it died', async () => {
    const id = await newJob();
    await bed.store.jobs.bury((await claim(id)).lease, { code: 'denied', message: 'no', hint: 'ask' });
    expect(await getJson(`/v1/jobs/${id}`)).toMatchObject({ state: 'DEAD', problem: { code: 'denied', hint: 'ask' } });
  });

  it('that waits is cancelled at once, one that runs when it can', async () => {
    const [waiting, running] = [await newJob(), await newJob()];
    await claim(running);
    const cancel = async (id: string) => (await bed.ask(`/v1/jobs/${id}/cancel`, { method: 'POST', token })).json();
    expect(await cancel(waiting)).toMatchObject({ state: 'CANCELLED' });
    expect(await cancel(waiting)).toMatchObject({ state: 'CANCELLED' });
    expect(await cancel(running)).toMatchObject({ state: 'LEASED', cancelRequested: true });
  });

  it('that is done is neither cancelled nor offered again', async () => {
    const id = await newJob();
    await bed.store.jobs.complete((await claim(id)).lease);
    for (const verb of ['cancel', 'retry']) {
      const answer = await bed.ask(`/v1/jobs/${id}/${verb}`, { method: 'POST', token });
      expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ code: 'conflict' })]);
    }
  });

  it('that is dead is offered again', async () => {
    const id = await newJob();
    await bed.store.jobs.bury((await claim(id)).lease, { code: 'denied', message: 'no' });
    const answer = await bed.ask(`/v1/jobs/${id}/retry`, { method: 'POST', token });
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ id, state: 'READY' })]);
  });
});

describe('a job of other work', () => {
  const order = { namespace: 'team-a', image: 'src.example.com/team/app', reason: 'guide' };

  it.each([
    ['grants', () => grantsJob({ trigger: 'schedule' })],
    ['grants', () => accessJob({ order, actor: 'user root', id: 'access-team-a-0123456789' })],
    ['credentials', () => credentialsJob({ cluster: 'prod', trigger: 'schedule' })],
  ] as const)('is cancelled and offered again only with the scope %s', async (scope, make) => {
    const { id } = await bed.store.jobs.accept(make());
    const own = await bed.token({ scopes: ['read', scope] });
    const ask = async (verb: string, by: string) =>
      (await bed.ask(`/v1/jobs/${id}/${verb}`, { method: 'POST', token: by })).status;
    const reader = await bed.token({ scopes: ['read'] });
    for (const verb of ['cancel', 'retry'])
      expect([await ask(verb, token), await ask(verb, reader)]).toEqual([403, 403]);
    expect(await bed.store.jobs.get(id)).toMatchObject({ state: 'READY' });
    expect([await ask('retry', own), await ask('cancel', own)]).toEqual([409, 200]);
  });
});

describe('the stream of a job', () => {
  const open = (id: string, headers: Record<string, string> = {}): Promise<Response> =>
    bed.ask(`/v1/jobs/${id}/events`, { token, headers });

  it('tells all of a job that has ended, and ends', async () => {
    const id = await newJob();
    const { lease } = await claim(id);
    await bed.store.jobs.progress(lease, { text: 'a\nb' });
    await bed.store.jobs.complete(lease);
    const answer = await open(id);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const text = await answer.text();
    expect(eventsOf(text).map(({ event }) => event)).toEqual(['accepted', 'claimed', 'progress', 'done']);
    expect(eventsOf(text).map((one) => one.id)).toEqual(['1', '2', '3', '4']);
    expect(JSON.parse(eventsOf(text)[2]?.data ?? '')).toEqual({
      at: bed.clock.now().toISOString(),
      data: { text: 'a\nb' },
    });
  });

  it('goes on where the client was, and sends it home when nothing is left', async () => {
    const id = await newJob();
    await bed.store.jobs.complete((await claim(id)).lease);
    const rest = await (await open(id, { 'last-event-id': '2' })).text();
    expect(eventsOf(rest).map((one) => one.id)).toEqual(['3']);
    expect((await open(id, { 'last-event-id': '3' })).status).toBe(204);
    expect((await open(id, { 'last-event-id': 'none' })).status).toBe(422);
  });

  it('tells what happens when it happens, also what is no change of the job', async () => {
    const id = await newJob();
    const reader = (await open(id)).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('retry: ');
    expect((await reader.read()).value).toContain('event: accepted');
    const second = reader.read();
    const { lease } = await claim(id);
    expect((await second).value).toContain('event: claimed');
    const third = reader.read();
    await settle();
    await bed.store.jobs.progress(lease, { sent: 1 });
    await bed.clock.advance(1000);
    expect((await third).value).toContain('"sent":1');
    const end = reader.read();
    await settle();
    await bed.store.jobs.complete(lease);
    expect((await end).value).toContain('event: done');
    expect((await reader.read()).done).toBe(true);
  });

  it('says now and then that it is still there', async () => {
    const reader = (await open(await newJob())).body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    await reader.read();
    const quiet = reader.read();
    for (let second = 0; second < 16; second += 1) await bed.clock.advance(1000);
    expect((await quiet).value).toMatch(/^: /);
    await reader.cancel();
  });

  it('lets the client come again after half an hour', async () => {
    const answer = await open(await newJob());
    const text = answer.text();
    for (let minute = 0; minute < 31; minute += 1) {
      bed.clock.step(59_000);
      await bed.clock.advance(1000);
    }
    expect(eventsOf(await text)).toHaveLength(1);
  });

  it('has a bound on their number, and clients that go make room', async () => {
    const id = await newJob();
    const streams: Response[] = [];
    for (let count = 0; count < 200; count += 1) {
      streams.push(await bed.ask(`/v1/jobs/${id}/events`, { peer: { address: '', isOwner: true } }));
    }
    const refused = await open(id);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    for (const stream of streams) await stream.body?.cancel();
    const after = await open(id);
    expect(after.status).toBe(200);
    await after.body?.cancel();
  });

  it('has a bound for each token', async () => {
    const id = await newJob();
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(id)));
    expect(streams.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect((await open(id)).status).toBe(503);
    const other = await bed.ask(`/v1/jobs/${id}/events`, { token: await bed.token() });
    expect(other.status).toBe(200);
    for (const stream of [...streams, other]) await stream.body?.cancel();
    await (await open(id)).body?.cancel();
  });

  it('ends for a client whose token was revoked', async () => {
    const revoked = await bed.token({ id: 'short-lived' });
    const answer = await bed.ask(`/v1/jobs/${await newJob()}/events`, { token: revoked });
    const text = answer.text();
    await bed.store.apiTokens.revoke('short-lived');
    for (let second = 0; second < 16; second += 1) await bed.clock.advance(1000);
    expect(eventsOf(await text)).toHaveLength(1);
  });

  it('gives its place up after half an hour when the client does not read', async () => {
    const id = await newJob();
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(id)));
    await bed.clock.advance(31 * 60_000);
    const after = await open(id);
    expect(after.status).toBe(200);
    for (const stream of [...streams, after]) await stream.body?.cancel().catch(() => undefined);
  });

  it('ends when the host is about to end', async () => {
    const stopping = new AbortController();
    const other = await openApiBed({ stopping: stopping.signal });
    const id = await newJob(other);
    const peer = { address: '', isOwner: true };
    const text = (await other.ask(`/v1/jobs/${id}/events`, { peer })).text();
    await settle();
    stopping.abort();
    expect(eventsOf(await text)).toHaveLength(1);
    expect(await (await other.ask(`/v1/jobs/${id}/events`, { peer })).text()).toMatch(/^retry: \d+\n\n$/);
    await other.close();
  });

  it('ends after what there is on a host that can keep no answer open', async () => {
    const other = await openApiBed({ endsStreams: true });
    const id = await newJob(other);
    const peer = { address: '', isOwner: true };
    const first = await (await other.ask(`/v1/jobs/${id}/events`, { peer })).text();
    expect(first).toMatch(/^retry: \d+\n\n/);
    expect(eventsOf(first).map((one) => one.id)).toEqual(['1']);
    const again = await other.ask(`/v1/jobs/${id}/events`, { peer, headers: { 'last-event-id': '1' } });
    expect([again.status, await again.text()]).toEqual([200, expect.stringMatching(/^retry: \d+\n\n$/)]);
    await other.close();
  });

  it('is none for HEAD', async () => {
    const answer = await bed.ask(`/v1/jobs/${await newJob()}/events`, { method: 'HEAD', token });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });
});

function eventsOf(text: string): { id?: string; event?: string; data?: string }[] {
  return text
    .split('\n\n')
    .map((block) =>
      Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      ),
    )
    .filter((block) => 'event' in block);
}
