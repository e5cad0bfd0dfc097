// Mirrors that are asked for over the API: planned, copied once per idempotency key, followed, cancelled and retried; and rules that are swept.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, done, endOf, jobIn, jobsOf } from '../../support/hosts/host-client.ts';
import { until } from '../../support/serve-process.ts';
import type { HostBed } from './host.ts';

export function describeMirrors(bed: () => HostBed): void {
  const order = (name: string) => {
    const { source, target } = bed().scene;
    return { source: `${source.host}/t/${name}:v1`, targets: [`${target.host}/asked/${name}:v1`] };
  };

  describe('a mirror', () => {
    it('is only planned on a dry run', async () => {
      const { host, scene } = bed();
      const digest = await scene.push('t/planned', ['v1']);
      const answer = await ask(host, '/v1/mirrors', { body: { ...order('planned'), dryRun: true } });
      expect(answer).toMatchObject({
        status: 200,
        json: { source: { digest }, targets: [{ digest, state: 'planned' }] },
      });
      expect(await scene.mirrored('asked/planned', 'v1')).toBeUndefined();
    });

    it('is made once per idempotency key, and another one is refused', async () => {
      const { host, scene } = bed();
      const digest = await scene.push('t/asked', ['v1']);
      const headers = { 'idempotency-key': randomUUID() };
      const first = await ask(host, '/v1/mirrors', { body: order('asked'), headers });
      const id = jobIn(first);
      expect(jobIn(await ask(host, '/v1/mirrors', { body: order('asked'), headers }))).toBe(id);
      expect(await ask(host, '/v1/mirrors', { body: order('other'), headers })).toMatchObject({
        status: 422,
        json: { code: 'idempotency-key-reused' },
      });
      const { result } = await done(host, id);
      expect(result.report).toMatchObject({ source: { digest }, targets: [{ state: 'copied', digest }] });
      expect(await scene.mirrored('asked/asked', 'v1')).toBe(digest);
    });

    it('tells its history, and whether there is more to come', async () => {
      const { host, scene } = bed();
      await scene.push('t/followed', ['v1']);
      const id = jobIn(await ask(host, '/v1/mirrors', { body: order('followed') }));
      await done(host, id);
      const history = await ask(host, `/v1/jobs/${id}/events`);
      expect(history.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(history.text).toMatch(/^retry: \d+\n\n/);
      expect([...history.text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type)).toEqual(
        expect.arrayContaining(['accepted', 'claimed', 'done']),
      );
      const last = [...history.text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? '';
      const rest = await ask(host, `/v1/jobs/${id}/events`, { headers: { 'last-event-id': last } });
      expect([rest.status, rest.text]).toEqual([204, '']);
    });

    it('that found nothing is dead, and done when it is asked for again', async () => {
      const { host, scene } = bed();
      const id = jobIn(await ask(host, '/v1/mirrors', { body: order('late') }));
      expect(await endOf(host, id)).toMatchObject({ state: 'DEAD', problem: { code: 'not-found' } });
      expect(await ask(host, `/v1/jobs/${id}/cancel`, { method: 'POST' })).toMatchObject({ status: 409 });
      const digest = await scene.push('t/late', ['v1']);
      expect((await ask(host, `/v1/jobs/${id}/retry`, { method: 'POST' })).status).toBe(200);
      await done(host, id);
      expect(await scene.mirrored('asked/late', 'v1')).toBe(digest);
      expect(await ask(host, `/v1/jobs/${id}/retry`, { method: 'POST' })).toMatchObject({
        status: 409,
        json: { code: 'conflict' },
      });
    });
  });

  describe('a rule', () => {
    it('is listed, and swept on demand', async () => {
      const { host, scene } = bed();
      const { json } = await ask(host, '/v1/rules');
      expect(json.items.map(({ name }: { name: string }) => name)).toEqual(['app', 'ecr', 'timed']);
      const digest = await scene.push('t/swept', ['v1', 'v2']);
      const id = jobIn(await ask(host, '/v1/rules/app/sync', { method: 'POST' }));
      await done(host, id);
      await until(async () => (await scene.mirrored('m/swept', 'v2')) === digest);
      expect((await jobsOf(host, 'sweep')).map((job) => job.id)).toContain(id);
      expect(await ask(host, '/v1/rules/none/sync', { method: 'POST' })).toMatchObject({ status: 404 });
    });
  });
}
