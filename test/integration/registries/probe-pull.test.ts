// A credential is tried at real registries, docker-registry 2.8 and distribution 3, with token authentication and with htpasswd.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { credentialOf, probeOf } from '../../support/issuers/probe-of.ts';
import { uniqueSecret } from '../../support/issuers/secrets.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';
import { startServer, type Server } from '../../support/servers.ts';
import { startTokenServer, type TokenServer } from '../../support/token-server.ts';

const USER = { username: 'puller', password: uniqueSecret('probe') };
const GOOD = credentialOf(USER.username, USER.password);
const WRONG = credentialOf(USER.username, uniqueSecret('wrong'));
let folder: string;
let authority: Authority;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-probe-'));
  authority = createAuthority(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const component of ['docker-registry', 'distribution'] as const) {
  // The summary names what is missing.
  describe.skipIf(isMissing(component))(`against ${component}`, () => {
    let tokens: TokenServer;
    let byToken: Server;
    let byPassword: Server;

    beforeAll(async () => {
      const program = requireComponent(component);
      tokens = await startTokenServer({
        signer: authority.issue(`signer-${component}`),
        user: USER,
        allows: (repository) => repository.startsWith('team/'),
      });
      const { realm, service, issuer } = tokens;
      byToken = await startServer({
        program,
        auth: { kind: 'token', realm, service, issuer, caFile: authority.caFile },
      });
      byPassword = await startServer({ program, auth: { kind: 'htpasswd', ...USER } });
    });
    afterAll(async () => {
      await byToken[Symbol.asyncDispose]();
      await byPassword[Symbol.asyncDispose]();
      await tokens[Symbol.asyncDispose]();
    });

    const probe = (host: string, named?: string) =>
      probeOf(`"${host}": { plainHttp: true${named === undefined ? '' : `, probe: "${named}"`} }`);

    test('the right to pull stands in the token: nothing of the repository is asked for', async () => {
      await byToken.forgetRequests();
      expect(await probe(byToken.host, 'team/app')(byToken.host, GOOD)).toEqual({ state: 'ok', checked: 'pull' });
      expect((await byToken.requests()).map(({ path: target }) => target)).toEqual(['/v2/']);
      expect(tokens.requests.at(-1)).toMatchObject({ status: 200, scopes: ['repository:team/app:pull'] });
    });

    test('a token without a grant is no credential that pulls, though the token server answered 200', async () => {
      const verdict = await probe(byToken.host, 'other/app')(byToken.host, GOOD);
      expect(tokens.requests.at(-1)?.status).toBe(200);
      expect(verdict).toMatchObject({ state: 'refused', message: expect.stringContaining('no pull of other/app') });
    });

    test('without a repository the login is all that is tried, and the verdict says so', async () => {
      expect(await probe(byToken.host)(byToken.host, GOOD)).toEqual({ state: 'ok', checked: 'login' });
      expect(await probe(byPassword.host)(byPassword.host, GOOD)).toEqual({ state: 'ok', checked: 'login' });
    });

    test('the repository of a mirror is tried where the entry names none', async () => {
      const repositoryOf = (registry: string) =>
        registry === byToken.host ? { repository: 'other/mirrored' } : undefined;
      const tried = probeOf(`"${byToken.host}": { plainHttp: true }`, { repositoryOf });
      expect(await tried(byToken.host, GOOD)).toMatchObject({ state: 'refused' });
    });

    test('htpasswd: a manifest that nobody has is unknown to whoever may pull', async () => {
      expect(await probe(byPassword.host, 'team/app')(byPassword.host, GOOD)).toEqual({ state: 'ok', checked: 'pull' });
    });

    test.each(['team/app', undefined])('a wrong password is refused (%s)', async (named) => {
      for (const { host } of [byToken, byPassword]) {
        const verdict = await probe(host, named)(host, WRONG);
        expect(verdict).toMatchObject({ state: 'refused', hint: expect.stringMatching(/\w+ \w+/) });
        expect(JSON.stringify(verdict)).not.toContain('canary');
      }
    });

    test('a refused credential whose end is over has expired', async () => {
      const over = credentialOf(USER.username, uniqueSecret('over'), new Date(Date.now() - 1000));
      expect(await probe(byToken.host, 'team/app')(byToken.host, over)).toMatchObject({ state: 'expired' });
      expect(await probe(byPassword.host)(byPassword.host, over)).toMatchObject({ state: 'expired' });
    });
  });
}
