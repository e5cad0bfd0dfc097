// The API as such: its description, who may do what, and the one form of all errors.
import { describe, expect, it } from 'vitest';
import { ask, type Ask } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

export function describeApi(bed: () => HostBed): void {
  describe('the API', () => {
    it('describes itself, for programs and for people', async () => {
      const { host } = bed();
      const document = await ask(host, '/openapi.json', { token: null });
      expect(document).toMatchObject({
        status: 200,
        json: { openapi: '3.1.0', paths: { '/v1/mirrors': {}, '/token': {} } },
      });
      const page = await ask(host, '/docs', { token: null });
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.text).toContain('/v1/mirrors');
    });

    it('is alive and ready, and has metrics where a process is there to ask', async () => {
      const { host, subject } = bed();
      expect((await ask(host, '/livez', { token: null })).json).toEqual({ status: 'ok' });
      expect((await ask(host, '/readyz', { token: null })).json).toEqual({ status: 'ok' });
      const metrics = await ask(host, '/metrics');
      expect(metrics.text).toContain(subject.has.metrics ? 'transship_build_info' : '"code":"not-found"');
      expect(metrics.status).toBe(subject.has.metrics ? 200 : 404);
    });

    it('knows its registries, and how they answer', async () => {
      const { host, scene } = bed();
      const { json } = await ask(host, '/v1/registries');
      expect(json.items).toContainEqual(expect.objectContaining({ registry: scene.target.host, isReachable: true }));
    });

    it('lets tokens do what their scopes say, until they are revoked', async () => {
      const { host } = bed();
      const made = await ask(host, '/v1/api-tokens', { body: { name: 'reader', scopes: ['read'] } });
      expect(made).toMatchObject({ status: 201, json: { name: 'reader', scopes: ['read'] } });
      const { token, id } = made.json;
      expect((await ask(host, '/v1/rules', { token })).status).toBe(200);
      expect(await ask(host, '/v1/rules/app/sync', { method: 'POST', token })).toMatchObject({
        status: 403,
        json: { code: 'forbidden' },
      });
      expect(JSON.stringify((await ask(host, '/v1/api-tokens')).json)).toContain(id);
      expect((await ask(host, `/v1/api-tokens/${id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await ask(host, '/v1/rules', { token })).status).toBe(401);
    });

    it.each<[string, string, Ask, object]>([
      ['nobody', '/v1/jobs', { token: null }, { status: 401, title: 'Unauthorized', code: 'unauthorized' }],
      ['a token of nobody', '/v1/jobs', { token: 'x' }, { status: 401, title: 'Unauthorized', code: 'unauthorized' }],
      ['a path that there is not', '/v2/', {}, { status: 404, title: 'Not Found', code: 'not-found' }],
      ['a job that there is not', '/v1/jobs/none', {}, { status: 404, title: 'Not Found', code: 'not-found' }],
      ['another method', '/v1/jobs', { method: 'PUT' }, { status: 405, code: 'method-not-allowed' }],
      ['no JSON', '/v1/mirrors', { body: '{' }, { status: 400, title: 'Bad Request', code: 'invalid-json' }],
      ['a wrong body', '/v1/mirrors', { body: { source: 'a' } }, { status: 422, code: 'invalid-request' }],
      ['a wrong query', '/v1/jobs?limit=x', {}, { status: 422, code: 'invalid-request' }],
      [
        'a body that is too large',
        '/v1/mirrors',
        { body: ' '.repeat(300 * 1024) },
        { status: 413, title: 'Content Too Large', code: 'body-too-large' },
      ],
      [
        'another type of body',
        '/v1/mirrors',
        { body: 'a=b', headers: { 'content-type': 'text/plain' } },
        { status: 415, code: 'unsupported-media-type' },
      ],
      [
        'a registry of our own network',
        '/v1/mirrors',
        { body: { source: '127.0.0.1:1/a:1', targets: ['127.0.0.1:2/a:1'] } },
        { status: 403, code: 'forbidden' },
      ],
    ])('tells %s in the form of a problem', async (_, path, how, expected) => {
      const { status, headers, json } = await ask(bed().host, path, how);
      expect(json).toMatchObject({ type: 'about:blank', detail: expect.any(String), ...expected });
      expect([status, headers.get('content-type')]).toEqual([json.status, 'application/problem+json']);
    });
  });
}
