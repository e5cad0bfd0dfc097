// Mirrors that are asked for over the API: planned, copied once per idempotency key, followed, cancelled and retried; and rules that are swept.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, done, endOf, jobIn, jobsOf, until } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

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

    it('by a rule goes to ECR, into a repository that is made for it', async () => {
      const { host, scene } = bed();
      const digest = await scene.push('u/app', ['v1']);
      const body = { source: `${scene.source.host}/u/app:v1`, rule: 'up' };
      await done(host, jobIn(await ask(host, '/v1/mirrors', { body })));
      expect(scene.ecrTarget.repositories.get('up/app')?.tags.get('v1')).toBe(digest);
      // the layers are there in another repository
      const again = await scene.push('u/again', ['v1', 'v2', 'v3'], { like: 'u/app' });
      const order = { source: `${scene.source.host}/u/again:v1`, rule: 'up' };
      expect(await ask(host, '/v1/mirrors', { body: { ...order, dryRun: true } })).toMatchObject({ status: 200 });
      await done(host, jobIn(await ask(host, '/v1/rules/up/sync', { method: 'POST' })));
      await until(() => scene.ecrTarget.repositories.get('up/again')?.tags.get('v1') === again);
    });

    it('from a registry that asks for a login is planned, and swept', async () => {
      const { host, scene } = bed();
      const digest = await scene.push('kept/app', ['v1'], { server: scene.inside });
      const body = { source: `${scene.inside.host}/kept/app:v1`, rule: 'kept', dryRun: true };
      expect(await ask(host, '/v1/mirrors', { body })).toMatchObject({ status: 200, json: { source: { digest } } });
      await done(host, jobIn(await ask(host, '/v1/rules/kept/sync', { method: 'POST' })));
      await until(async () => (await scene.mirrored('kept/app', 'v1')) === digest);
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
      expect(json.items.map(({ name }: { name: string }) => name)).toEqual(
        expect.arrayContaining(['app', 'ecr', 'timed']),
      );
      const digest = await scene.push('t/swept', ['v1', 'v2']);
      const id = jobIn(await ask(host, '/v1/rules/app/sync', { method: 'POST' }));
      await done(host, id);
      await until(async () => (await scene.mirrored('m/swept', 'v2')) === digest);
      expect((await jobsOf(host, 'sweep')).map((job) => job.id)).toContain(id);
      expect(await ask(host, '/v1/rules/none/sync', { method: 'POST' })).toMatchObject({ status: 404 });
    });
  });
}
