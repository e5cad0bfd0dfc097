// What a probe makes of answers that no registry of ours gives: opaque tokens, ECR's refusals, outages, realms that lead elsewhere.
import type http from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { credentialOf, probeOf } from '../../support/issuers/probe-of.ts';
import { uniqueSecret, unsignedJwt } from '../../support/issuers/secrets.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

type Reply = [status: number, body?: unknown, headers?: Record<string, string>] | 'hang';
type Answers = { root?: Reply; token?: Reply; manifest?: Reply };

/** A registry that wants a login and answers each kind of request as it is told; its token server is itself. */
async function registryWith(
  answers: Answers,
  scheme: 'Bearer' | 'Basic' = 'Bearer',
  realm?: string,
): Promise<BareServer> {
  const server = await startBareServer((request, response) => {
    const { url = '', headers } = request;
    if (url.startsWith('/token')) return send(response, answers.token ?? [200, { token: uniqueSecret('opaque') }]);
    const isBare = headers.authorization === undefined;
    const challenge =
      scheme === 'Basic' ? 'Basic realm="r"' : `Bearer realm="${realm ?? `${server.url}/token`}",service="s"`;
    if (isBare) return send(response, answers.root ?? [401, {}, { 'www-authenticate': challenge }]);
    return send(response, (url === '/v2/' ? undefined : answers.manifest) ?? [200, {}]);
  });
  open.push(() => server[Symbol.asyncDispose]());
  return server;
}

function send(response: http.ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  const [status, body, headers = {}] = reply;
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
}

const error = (code: string, message = 'no') => ({ errors: [{ code, message }] });
const jwt = (access: unknown) => [200, { token: unsignedJwt({ access }) }] satisfies Reply;
const pull = [{ type: 'repository', name: 'team/app', actions: ['pull'] }];

const ROWS: [what: string, answers: Answers, state: string, more?: object][] = [
  ['a JWT that grants a pull', { token: jwt(pull) }, 'ok', { checked: 'pull' }],
  ['a JWT that grants nothing', { token: jwt([]) }, 'refused'],
  ['a JWT without any access (null)', { token: jwt(null) }, 'refused'],
  [
    'a JWT that grants another action',
    { token: jwt([{ type: 'repository', name: 'team/app', actions: ['metadata_read'] }]) },
    'refused',
  ],
  ['an opaque token, and the manifest', { manifest: [200, {}] }, 'ok', { checked: 'pull' }],
  ['an opaque token, and no such manifest', { manifest: [404, error('MANIFEST_UNKNOWN')] }, 'ok'],
  ['an opaque token, and no such repository', { manifest: [404, error('NAME_UNKNOWN')] }, 'unknown'],
  ['an opaque token, and a bare 404', { manifest: [404, 'not found'] }, 'unknown'],
  [
    'an opaque token, and a refusal',
    { manifest: [403, error('DENIED')] },
    'refused',
    { message: expect.stringContaining('403 DENIED') },
  ],
  ['a redirect to a storage', { manifest: [307, '', { location: 'https://storage.test/x' }] }, 'ok'],
  [
    'a JWT without access, and the manifest',
    { token: [200, { token: unsignedJwt({ sub: 'x' }) }], manifest: [401, error('UNAUTHORIZED')] },
    'refused',
  ],
  ['a token server that refuses', { token: [401, error('UNAUTHORIZED')] }, 'refused'],
  ['a token server that denies', { token: [403, error('DENIED', 'denied')] }, 'refused'],
  ['a token server that limits', { token: [429, {}] }, 'unknown'],
  ['a token server that is down', { token: [503, {}] }, 'unknown'],
  ['a token server that says nothing', { token: 'hang' }, 'unknown'],
  ['a token server without a token', { token: [200, { token: '' }] }, 'unknown'],
  ['a token server with garbage', { token: [200, '<html>'] }, 'unknown'],
  ['a registry that limits', { manifest: [429, error('TOOMANYREQUESTS')] }, 'unknown'],
  ['a registry that is down', { root: [502, '<html>'] }, 'unknown'],
  ['a registry that says nothing', { root: 'hang' }, 'unknown'],
  ['a challenge that nobody knows', { root: [401, {}, { 'www-authenticate': 'Negotiate' }] }, 'unknown'],
  ['no challenge at all', { root: [401, {}] }, 'unknown'],
  ['a registry that asks nobody', { root: [200, {}] }, 'ok', { checked: 'nothing-asked' }],
];

test.each(ROWS)('%s: %o is %s', async (_, answers, state, more = {}) => {
  const { host } = await registryWith(answers);
  const verdict = await probeOf(`"${host}": { plainHttp: true, probe: "team/app:1.0" }`)(
    host,
    credentialOf('u', uniqueSecret('probe')),
  );
  expect(verdict).toMatchObject({ state, ...more });
  const said = { message: expect.stringContaining(host), hint: expect.stringMatching(/\w+ \w+/) };
  expect(verdict).toMatchObject(state === 'ok' ? {} : said);
  expect(JSON.stringify(verdict)).not.toContain('canary');
});

test('ECR says that a token has ended in words only', async () => {
  const said = 'Your authorization token has expired. Reauthenticate and try again.';
  const { host } = await registryWith({ manifest: [403, said, { 'content-type': 'text/plain' }] }, 'Basic');
  const verdict = await probeOf(`"${host}": { plainHttp: true, probe: team/app }`)(
    host,
    credentialOf('AWS', uniqueSecret('ecr')),
  );
  expect(verdict).toMatchObject({ state: 'expired' });
});

test.each(['https://tokens.evil.test/token', 'http://169.254.169.254/latest', 'http://10.0.0.1/token'])(
  'a realm that leads elsewhere gets no credential: %s',
  async (realm) => {
    const { host, requests } = await registryWith({}, 'Bearer', realm);
    const verdict = await probeOf(`"${host}": { plainHttp: true, probe: team/app }`)(
      host,
      credentialOf('u', uniqueSecret('probe')),
    );
    expect(verdict).toMatchObject({ state: 'unknown' });
    expect(requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  },
);

test('the credential is sent to nobody before a login is asked for', async () => {
  const { host, requests } = await registryWith({ root: [200, {}] });
  await probeOf(`"${host}": { plainHttp: true }`)(host, credentialOf('u', uniqueSecret('probe')));
  expect(requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('an interruption is no verdict', async () => {
  const { host } = await registryWith({ root: 'hang' });
  const probing = probeOf(`"${host}": { plainHttp: true }`)(host, credentialOf('u', 'p'), AbortSignal.abort());
  await expect(probing).rejects.toMatchObject({ code: 'interrupted' });
});
