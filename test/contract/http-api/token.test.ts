// The token endpoint over HTTP, with a cluster that answers reviews as each test wants: what every kind of client gets, which statuses send
// containerd on to its second try, that nothing is granted in doubt, and what the log tells.
import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openTokenKeys } from '../../../functions/registry-token/token-keys.ts';
import { selfSignedCertificate } from '../../../infra/node/token-keys/self-signed-certificate.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { ApiObject, Cluster, ClusterRequest } from '../../../shared/cluster/cluster.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { CONFIG, configOf, openApiBed, REMOTE, type Ask } from '../../support/http-api/api-bed.ts';

const SERVICE = 'registry.team.svc';
const IDP = 'https://idp.example.com';
const ENDPOINT = `
clusters:
  - name: prod
    kubeconfig: {}
    registries: { registry.team.svc: openshift }
tokenEndpoint:
  issuer: transship
  service: ${SERVICE}
  anonymous: { pull: [public/**, shared/base] }
  oidc: [{ issuer: "${IDP}", groups: groups }, { issuer: "${IDP}", audience: mail, user: email }]
`;

/** What the cluster is asked, and what it answers. */
const asked: ClusterRequest[] = [];
const faults: TransshipError[] = [];
let rights = new Set<string>();
let isServed = true;

const USER = 'system:serviceaccount:team-a:default';
const GROUPS = ['system:serviceaccounts', 'system:serviceaccounts:team-a', 'system:authenticated'];

function send(request: ClusterRequest): Promise<ApiObject> {
  asked.push(request);
  const fault = faults.shift();
  if (fault !== undefined) return Promise.reject(fault);
  const { path, body } = request;
  const { spec = {} } = (body ?? {}) as { spec?: Record<string, unknown> };
  if (path.endsWith('/tokenreviews')) return Promise.resolve({ status: reviewOf(String(spec['token'])) });
  if (path.endsWith('/subjectaccessreviews')) {
    const { namespace, verb, name } = spec['resourceAttributes'] as Record<string, string>;
    const key = `${String(spec['user'])} ${verb} ${namespace}/${name}`;
    const allowed = rights.has(key);
    return Promise.resolve({
      status: { allowed, ...(allowed && { reason: `RBAC: allowed by RoleBinding "x/${namespace}"` }) },
    });
  }
  if (path === '/apis/image.openshift.io') {
    return Promise.resolve({ versions: isServed ? [{ groupVersion: 'image.openshift.io/v1' }] : [] });
  }
  return Promise.resolve({ resources: [{ name: 'imagestreams' }] });
}

function reviewOf(token: string): ApiObject {
  if (token === 'good') return { authenticated: true, audiences: [SERVICE], user: { username: USER, groups: GROUPS } };
  if (token === 'elsewhere')
    return { authenticated: true, audiences: ['vault'], user: { username: USER, groups: GROUPS } };
  return { authenticated: false, error: `the token ${token} is not known` };
}

const cluster: Cluster = {
  name: 'prod',
  send,
  watch: () => {
    throw new Error('nobody watches here');
  },
  now: () => new Date(),
  close: () => Promise.resolve(),
};

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const idpKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const config = configOf(`${CONFIG}${ENDPOINT}`);
const bed = await openApiBed(
  {
    clusters: () => ({ names: ['prod'], get: () => Promise.resolve(cluster) }),
    tokenKeys: () => keys,
    async fetchJson({ pathname }) {
      if (pathname !== '/jwks') return { issuer: IDP, jwks_uri: `${IDP}/jwks` };
      return { keys: [{ ...(await exportJWK(idpKeys.publicKey)), kid: 'idp' }] };
    },
  },
  config,
);
const now = bed.clock.now();
const certificate = selfSignedCertificate(privateKey, {
  name: 'tokens',
  notBefore: new Date(now.getTime() - 1000),
  notAfter: new Date(now.getTime() + 86_400_000),
});
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const keys = openTokenKeys([{ certificate, key: new Secret(pem), origin: 'test' }], 0, now);
const bare = await openApiBed();
afterAll(() => Promise.all([bed.close(), bare.close()]));

beforeEach(() => {
  // what was answered is forgotten
  bed.clock.step(10_000);
  asked.length = 0;
  faults.length = 0;
  bed.lines.length = 0;
  isServed = true;
  rights = new Set([
    `${USER} get team-a/app`,
    `${USER} update team-a/app`,
    `${USER} get shared/deep/er`,
    `${IDP}#ci get team-a/app`,
  ]);
});

const basic = (password: string): Ask => ({
  headers: { authorization: `Basic ${Buffer.from(`any:${password}`).toString('base64')}` },
});

function get(scopes: readonly string[], ask: Ask = {}, service = SERVICE): Promise<Response> {
  const query = new URLSearchParams({ service });
  for (const scope of scopes) query.append('scope', scope);
  return bed.ask(`/token?${query.toString()}`, ask);
}

function post(fields: Record<string, string>, ask: Ask = {}): Promise<Response> {
  const body = new URLSearchParams({ client_id: 'containerd-client', service: SERVICE, ...fields }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...ask.headers };
  return bed.ask('/token', { method: 'POST', body, ...ask, headers });
}

const withPassword = (password: string, scope = 'repository:team-a/app:pull') =>
  post({ grant_type: 'password', username: 'any', password, scope });

type Claims = { sub: string; aud: string; access: { name: string; actions: string[] }[] };

async function claimsOf(answer: Response): Promise<Claims> {
  expect(answer.status).toBe(200);
  const { token } = (await answer.json()) as { token: string };
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** Actions by repository. */
async function granted(answer: Response): Promise<Record<string, string>> {
  const { access } = await claimsOf(answer);
  return Object.fromEntries(access.map(({ name, actions }) => [name, actions.join(',')]));
}

const reviews = () => asked.filter(({ path }) => path.endsWith('reviews')).map(({ path }) => path.replace(/.*\//, ''));

describe('a token', () => {
  it('says what the cluster lets its owner do, of each repository by itself', async () => {
    const scopes = [
      'repository:team-a/app:pull,push',
      'repository:team-b/app:pull',
      'repository:shared/deep/er:pull,push',
      'repository:app:pull',
      'repository:team-a/app/../x:pull',
      'repository(plugin):team-a/app:pull',
      'registry:catalog:*',
    ];
    // nobody is in the namespace of a repository that has none
    rights.add(`${USER} get app/`);
    expect(await granted(await get(scopes, basic('good')))).toEqual({
      'team-a/app': '',
      'team-b/app': '',
      'shared/deep/er': 'pull',
      app: '',
      'team-a/app/../x': '',
      catalog: '',
    });
    expect(await granted(await get(scopes.slice(0, 2), basic('good')))).toEqual({
      'team-a/app': 'pull,push',
      'team-b/app': '',
    });
  });

  it('is asked for as registries of OpenShift ask, with everything that the cluster said of its owner', async () => {
    await get(['repository:shared/deep/er:pull'], basic('good'));
    expect(asked.find(({ path }) => path.endsWith('/tokenreviews'))?.body).toMatchObject({
      spec: { token: 'good', audiences: [SERVICE] },
    });
    expect(asked.find(({ path }) => path.endsWith('/subjectaccessreviews'))?.body).toMatchObject({
      spec: {
        user: USER,
        groups: GROUPS,
        resourceAttributes: {
          namespace: 'shared',
          name: 'deep/er',
          verb: 'get',
          group: 'image.openshift.io',
          resource: 'imagestreams/layers',
        },
      },
    });
  });

  it('has the form that clients read', async () => {
    const answer = await get(['repository:team-a/app:pull'], basic('good'));
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toEqual({
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      access_token: body['token'],
      expires_in: 300,
      issued_at: bed.clock.now().toISOString(),
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['delete', '*', 'constructor', 'toString', 'PULL', 'pull '])('never allows %s', async (action) => {
    expect(await granted(await get([`repository:team-a/app:${action}`], basic('good')))).not.toMatchObject({
      'team-a/app': expect.stringContaining(action),
    });
  });

  it('is the same by a form, with any username', async () => {
    for (const fields of [
      { grant_type: 'password', username: 'any', password: 'good' },
      { grant_type: 'refresh_token', refresh_token: 'good' },
    ]) {
      const answer = await post({ ...fields, scope: 'repository:team-a/app:pull repository:team-b/app:pull' });
      expect(await granted(answer)).toEqual({ 'team-a/app': 'pull', 'team-b/app': '' });
    }
  });

  it('is given for nothing, to try a login', async () => {
    expect(await claimsOf(await get([], basic('good')))).toMatchObject({ sub: USER, aud: SERVICE, access: [] });
  });

  it('allows nothing where no API serves the resource', async () => {
    isServed = false;
    expect(await granted(await get(['repository:team-a/app:pull'], basic('good')))).toEqual({ 'team-a/app': '' });
  });
});

describe('without a login', () => {
  const scopes = ['public/a/b', 'shared/base', 'shared/base2', 'public', 'team-a/app'].map(
    (name) => `repository:${name}:pull,push`,
  );

  it('pulls what is public, and nothing else', async () => {
    const answer = await get(scopes);
    const { sub } = await claimsOf(answer.clone());
    expect(sub).toBe('');
    expect(await granted(answer)).toEqual({
      'public/a/b': 'pull',
      'shared/base': 'pull',
      'shared/base2': '',
      public: '',
      'team-a/app': '',
    });
    expect(asked).toEqual([]);
  });

  it('or with one, what is public needs no right', async () => {
    expect(await granted(await get(['repository:public/a:pull'], basic('good')))).toEqual({ 'public/a': 'pull' });
    expect(reviews()).toEqual(['tokenreviews']);
  });

  it('a wrong login does not count as none', async () => {
    expect((await get(['repository:public/a:pull'], basic('bad'))).status).toBe(401);
  });
});

describe('a login that is refused', () => {
  it.each([
    ['that nobody has', basic('bad')],
    ['that was made for somebody else', basic('elsewhere')],
    ['that is none', basic('')],
    ['that cannot be read', { headers: { authorization: 'Basic ????' } }],
    ['of another kind', { headers: { authorization: 'Bearer good' } }],
  ])('is told in the same way: %s', async (_, ask) => {
    const answer = await get(['repository:team-a/app:pull'], ask);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    const { requestId, ...body } = (await answer.json()) as Record<string, unknown>;
    expect(requestId).toEqual(answer.headers.get('x-request-id'));
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'unauthorized',
      detail: expect.stringContaining('ServiceAccount'),
      hint: expect.stringContaining('kubectl create token'),
      error: 'invalid_grant',
      error_description: body['detail'],
      errors: [{ code: 'UNAUTHORIZED', message: body['detail'], detail: body['detail'] }],
    });
  });

  it('stands in the log with the reason, and without the token', async () => {
    await get(['repository:team-a/app:pull'], basic('bad'));
    expect(bed.lines).toContainEqual({
      level: 'warn',
      message: 'registry login refused',
      fields: {
        request_id: expect.any(String),
        client_address: REMOTE.address,
        reason: 'the token [redacted] is not known',
      },
    });
    expect(JSON.stringify(bed.lines)).not.toMatch(/bad/);
  });
});

describe('what sends containerd from its form to a query', () => {
  it.each<[string, () => Promise<Response>, number]>([
    ['a wrong password', () => withPassword('bad'), 401],
    ['no password', () => post({ grant_type: 'password' }), 400],
    ['no grant type', () => post({ password: 'good' }), 400],
    ['another grant type', () => post({ grant_type: 'authorization_code', code: 'x' }), 400],
    ['another service', () => post({ grant_type: 'password', password: 'good', service: 'other' }), 400],
    [
      'a body of another type',
      () => post({ grant_type: 'password', password: 'good' }, { headers: { 'content-type': 'text/plain' } }),
      400,
    ],
    [
      'no token endpoint',
      () =>
        bare.ask('/token', {
          method: 'POST',
          body: 'grant_type=password',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      404,
    ],
    ['another method', () => bed.ask('/token', { method: 'PUT' }), 405],
  ])('%s', async (_, ask, status) => {
    expect((await ask()).status).toBe(status);
  });
});

describe('a cluster that does not answer', () => {
  const down = () => new TransshipError('cluster-unavailable', 'cluster prod: 503', { retryable: true });

  it.each([
    ['a form', () => withPassword('good')],
    ['a query', () => get(['repository:team-a/app:pull'], basic('good'))],
  ])('grants nothing, and ends the pull at once: %s', async (_, ask) => {
    for (const fault of [down(), new TransshipError('denied', 'cluster prod: we may not create tokenreviews')]) {
      faults.push(fault);
      const answer = await ask();
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(await answer.json()).toMatchObject({ code: 'unavailable', error: 'temporarily_unavailable' });
      expect(bed.lines).toContainEqual(
        expect.objectContaining({ level: 'error', message: 'a registry login could not be decided' }),
      );
    }
  });

  it('in the middle of a question grants nothing of it', async () => {
    await get([], basic('good'));
    faults.push(down());
    const answer = await get(['repository:team-a/app:pull', 'repository:shared/deep/er:pull'], basic('good'));
    expect(answer.status).toBe(503);
  });

  it('is asked again at once', async () => {
    faults.push(down());
    expect((await withPassword('good')).status).toBe(503);
    expect((await withPassword('good')).status).toBe(200);
  });

  it('keeps nobody from what is public', async () => {
    faults.push(down());
    expect(await granted(await get(['repository:public/a:pull']))).toEqual({ 'public/a': 'pull' });
  });
});

describe('answers of the cluster', () => {
  it('are good for five seconds, so that a pull is two questions', async () => {
    await get([], basic('good'));
    for (let blob = 0; blob < 5; blob += 1) await withPassword('good');
    expect(reviews()).toEqual(['tokenreviews', 'subjectaccessreviews']);
  });

  it('change within five seconds, either way', async () => {
    const scope = ['repository:team-b/app:pull'];
    expect(await granted(await get(scope, basic('good')))).toEqual({ 'team-b/app': '' });
    rights.add(`${USER} get team-b/app`);
    bed.clock.step(5000);
    expect(await granted(await get(scope, basic('good')))).toEqual({ 'team-b/app': 'pull' });
    rights.clear();
    bed.clock.step(5000);
    expect(await granted(await get(scope, basic('good')))).toEqual({ 'team-b/app': '' });
  });

  it('are not those to another question', async () => {
    expect(await granted(await get(['repository:team-a/app:pull'], basic('good')))).toEqual({ 'team-a/app': 'pull' });
    expect(await granted(await get(['repository:team-a/app2:pull'], basic('good')))).toEqual({ 'team-a/app2': '' });
    expect((await get(['repository:team-a/app:pull'], basic('good2'))).status).toBe(401);
  });
});

describe('a token of an identity provider', () => {
  const JANE = { sub: '7', email: 'jane@acme.io' };
  const idpToken = (claims: object, audience = SERVICE) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'idp' })
      .setIssuer(IDP)
      .setAudience(audience)
      .setExpirationTime(Math.floor(bed.clock.now().getTime() / 1000) + 60)
      .sign(idpKeys.privateKey);

  it('pulls by the name that RBAC has for its owner', async () => {
    const answer = await get(
      ['repository:team-a/app:pull,push'],
      basic(await idpToken({ sub: 'ci', groups: ['dev'] })),
    );
    expect(await claimsOf(answer)).toMatchObject({ sub: `${IDP}#ci`, access: [{ actions: ['pull'] }] });
    expect(asked[0]?.body).toMatchObject({
      spec: { user: `${IDP}#ci`, groups: [`${IDP}#dev`, 'system:authenticated'] },
    });
    expect(reviews()).not.toContain('tokenreviews');
  });

  it.each([{}, { email_verified: true }])('is of an address, with %j', async (verified) => {
    const answer = await get([], basic(await idpToken({ ...JANE, ...verified }, 'mail')));
    expect(await claimsOf(answer)).toMatchObject({ sub: `${IDP}#jane@acme.io` });
  });

  it.each<[string, () => Promise<string>]>([
    ['of an address that is not verified', () => idpToken({ ...JANE, email_verified: false }, 'mail')],
    ['of an address that some text says is verified', () => idpToken({ ...JANE, email_verified: 'true' }, 'mail')],
    ['for somebody else', () => idpToken({ sub: 'ci' }, 'other')],
    ['of nobody', () => idpToken({ sub: '' })],
    [
      'that somebody changed',
      async () =>
        (await idpToken({ sub: 'ci' })).replace(
          /\.(.)([^.]*)$/,
          (_all, first, rest) => `.${first === 'A' ? 'B' : 'A'}${rest}`,
        ),
    ],
  ])('%s is refused, and no cluster is asked', async (_, make) => {
    expect((await get([], basic(await make()))).status).toBe(401);
    expect(asked).toEqual([]);
  });
});

describe('the log', () => {
  it('has a line for each decision: who, what, what of it, and why', async () => {
    const answer = await get(['repository:team-a/app:pull,delete', 'repository:team-b/app:pull'], basic('good'));
    const base = { request_id: answer.headers.get('x-request-id'), client_address: REMOTE.address, user: USER };
    expect(
      bed.lines.filter(({ message }) => message === 'registry access decided').map(({ fields }) => fields),
    ).toEqual([
      {
        ...base,
        repository: 'team-a/app',
        asked: 'pull,delete',
        granted: 'pull',
        reason: 'RBAC: allowed by RoleBinding "x/team-a"; this action is never given',
      },
      { ...base, repository: 'team-b/app', asked: 'pull', granted: '', reason: 'no get in namespace team-b' },
    ]);
    expect(JSON.stringify(bed.lines)).not.toContain('good');
  });
});

describe('the door', () => {
  it('gives the public keys', async () => {
    const answer = await bed.ask('/token/jwks');
    expect(await answer.json()).toEqual({
      keys: [
        {
          kty: 'RSA',
          n: expect.any(String),
          e: 'AQAB',
          alg: 'RS256',
          use: 'sig',
          kid: keys.signing.id,
          x5c: [...keys.signing.chain],
        },
      ],
    });
  });

  it('is closed where there is no token endpoint', async () => {
    for (const path of ['/token?service=x', '/token/jwks']) expect((await bare.ask(path)).status).toBe(404);
  });

  it('takes no form that is too large', async () => {
    expect((await withPassword('x'.repeat(70_000))).status).toBe(413);
  });

  it('takes no other service', async () => {
    const answer = await get(['repository:team-a/app:pull'], basic('good'), 'other');
    expect([answer.status, asked.length]).toEqual([400, 0]);
  });

  it('counts requests like every other route', async () => {
    const peer = { address: '203.0.113.77', isOwner: false };
    let status = 200;
    for (let n = 0; n < 700 && status === 200; n += 1) status = (await get([], { peer })).status;
    expect(status).toBe(429);
  });

  it('stands in the document', async () => {
    const { paths } = (await (await bed.ask('/openapi.json')).json()) as { paths: Record<string, object> };
    expect(Object.keys(paths['/token'] ?? {}).sort()).toEqual(['get', 'post']);
    expect(Object.keys(paths['/token/jwks'] ?? {})).toEqual(['get']);
  });
});
