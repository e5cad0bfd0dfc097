// The token endpoint of registries: ServiceAccounts of a real cluster get tokens for what RBAC lets them pull, which the key set proves.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { ask, type Answer } from '../../support/hosts/host-client.ts';
import { SERVICE } from '../../support/hosts/scene.ts';
import type { HostBed } from './host-bed.ts';

export function describeTokenEndpoint(bed: () => HostBed): void {
  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`any:${password}`).toString('base64')}`,
  });

  const askToken = (scope: string, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(bed().host, `/token?${new URLSearchParams({ service: SERVICE, scope }).toString()}`, { headers, token: null });

  async function accessIn({ json }: Answer): Promise<unknown> {
    const keys = createLocalJWKSet((await ask(bed().host, '/token/jwks', { token: null })).json);
    const { payload } = await jwtVerify(json.token, keys, { audience: SERVICE, issuer: 'issuer-of-tests' });
    return payload['access'];
  }

  describe('the token endpoint', () => {
    it('gives a ServiceAccount what it may pull', async () => {
      const { scene } = bed();
      const words = ['-n', 'filed-team', 'create', 'token', 'default', '--audience', SERVICE];
      const token = await scene.kubernetes.kubectl(words);
      const password = token.trim();
      const own = await askToken('repository:filed-images/app:pull,push', basic(password));
      expect(own.status).toBe(200);
      expect(await accessIn(own)).toEqual([{ type: 'repository', name: 'filed-images/app', actions: ['pull'] }]);
      const other = await askToken('repository:elsewhere/app:pull', basic(password));
      expect(await accessIn(other)).toEqual([{ type: 'repository', name: 'elsewhere/app', actions: [] }]);
      const form = new URLSearchParams({
        grant_type: 'password',
        service: SERVICE,
        client_id: 'tests',
        username: 'any',
        password,
        scope: 'repository:filed-images/app:pull',
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const posted = await ask(bed().host, '/token', { body: form.toString(), headers, token: null });
      expect(posted).toMatchObject({ status: 200, json: { access_token: expect.any(String) } });
    });

    it('gives nobody more than what is public, and a wrong password nothing', async () => {
      const open = await askToken('repository:public/tool:pull');
      expect(await accessIn(open)).toEqual([{ type: 'repository', name: 'public/tool', actions: ['pull'] }]);
      expect((await askToken('repository:filed-images/app:pull', basic('nobody'))).status).toBe(401);
    });
  });
}
