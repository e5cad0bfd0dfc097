// The routes for clusters: who gets in, that what asks for a job is durable before the answer, and that a review is allowed whatever
// happens here.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createClusterApi } from '../../../functions/http-api/create-cluster-api.ts';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { pathToken } from '../../../shared/events/path-token.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { CONFIG, configOf, MASTER_KEY, openApiBed, REMOTE, type Ask } from '../../support/http-api/api-bed.ts';

const LOGIN = '.example.com: { credential: { username: bob, password: { env: HUB } } }';
const CLUSTERS = `
clusters:
  - { name: prod, kubeconfig: {} }
  - { name: lab, kubeconfig: {} }
credentials:
  - name: pull
    clusters: [prod, lab]
    namespaces: { names: ["team-*"], exclude: [team-x] }
    registries: [src.example.com]
    secret: { name: registry-pull }
  - name: labelled
    clusters: [prod]
    namespaces: { selector: { tier: gold } }
    registries: [src.example.com, dst.example.com]
    secret: { name: gold, layout: per-registry }
    serviceAccounts: all
`;

const bed = await openApiBed(
  { namespaceLabels: (_, namespace) => (namespace === 'golden' ? { tier: 'gold' } : undefined) },
  configOf(`${CONFIG.replaceAll('.example.com: {}', LOGIN)}${CLUSTERS}`),
);
const senders = openClusterSenders(bed.deps.config(), new Secret(MASTER_KEY));
const tokenOf = (cluster: string): string => senders.pathTokenOf(cluster)!;
const adminToken = await bed.token();
const certified = { ...REMOTE, isCertified: true };

afterAll(() => bed.close());
// what happens within a moment counts once
beforeEach(() => bed.clock.step(10_000));

function post(path: string, body: unknown, ask: Ask = {}): Promise<Response> {
  return bed.ask(path, { method: 'POST', body, ...ask });
}

const admission = (body: unknown, cluster = 'prod') => post(`/k8s/admission/${cluster}/${tokenOf(cluster)}`, body);
const events = (body: unknown, cluster = 'prod') => post(`/k8s/events/${cluster}/${tokenOf(cluster)}`, body);

function review(name: string, more: object = {}) {
  const request = {
    uid: 'request-1',
    operation: 'CREATE',
    resource: { group: '', version: 'v1', resource: 'namespaces' },
    name,
    object: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
    ...more,
  };
  return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request };
}

function account(namespace: string, more: object = {}) {
  const object = { kind: 'ServiceAccount', metadata: { name: 'default', namespace }, ...more };
  return review('default', { namespace, resource: { group: '', version: 'v1', resource: 'serviceaccounts' }, object });
}

function cloudEvent(...names: string[]) {
  return names.map((name) => ({
    specversion: '1.0',
    type: 'namespace.created',
    source: '/',
    id: name,
    data: { name },
  }));
}

const ALLOWED = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response: { uid: 'request-1', allowed: true },
};

/** The places of all credential jobs, newest first. */
async function places(): Promise<string[]> {
  const { jobs } = await bed.store.jobs.list({ kind: 'credentials' }, 100);
  return jobs.flatMap(({ targets }) => targets);
}

describe('who gets in', () => {
  const wrong = 'a'.repeat(43);
  it.each<[string, string, Ask?]>([
    ['nobody', ''],
    ['a wrong token', `/${wrong}`],
    ['a wrong token for a cluster', `/prod/${wrong}`],
    ['a wrong token for a cluster that there is not', `/nowhere/${wrong}`],
    ['the token of another cluster', `/lab/${tokenOf('prod')}`],
    ['the token of a receiver of this name', `/prod/${pathToken(new Secret(MASTER_KEY), 'prod', 1)}`],
    ['an empty token', '/prod/%00'],
    ['the name alone', '/prod'],
    ['the owner of the data folder', '/prod', { peer: { address: '', isOwner: true } }],
    ['a certificate for no cluster in particular', '', { peer: certified }],
    ['a certificate for a cluster that there is not', '/nowhere', { peer: certified }],
    ['a bearer token', '', { token: adminToken }],
  ])('not %s, and the answer tells nothing', async (_, tail, ask) => {
    const before = await places();
    for (const kind of ['admission', 'events']) {
      const answer = await post(
        `/k8s/${kind}${tail}`,
        kind === 'events' ? cloudEvent('team-a') : review('team-a'),
        ask,
      );
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Webhook realm="transship"');
      expect(await answer.json()).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        code: 'unauthorized',
        detail: 'the request is not authenticated',
      });
    }
    expect(await places()).toEqual(before);
  });

  it.each<[string, string, string, Ask?]>([
    ['the token behind the name', `/lab/${tokenOf('lab')}`, 'lab'],
    ['the token alone', `/lab/${tokenOf('lab')}`.replace('/lab', ''), 'lab'],
    ['a certificate and the name', '/lab', 'lab', { peer: certified }],
    ['a certificate and the token', `/lab/${tokenOf('lab')}`, 'lab', { peer: certified }],
  ])('%s', async (_, tail, cluster, ask) => {
    const answer = await post(`/k8s/events${tail}`, cloudEvent('team-in'), ask);
    expect(answer.status).toBe(202);
    expect((await places())[0]).toBe(`credentials:${cluster}/team-in`);
  });

  it('a certificate alone, where there is one cluster', () => {
    const one = openClusterSenders({ clusters: [{ name: 'only', kubeconfig: {}, limits: {} }] }, new Secret('k'));
    expect(one.find({ parts: [], isCertified: true })).toBe('only');
    expect(one.find({ parts: [], isCertified: false })).toBeUndefined();
  });

  it('reads no body of whoever is not let in', async () => {
    const { body, wasRead } = watchedBody();
    const request = new Request(`http://x/k8s/events/prod/${wrong}`, { method: 'POST', body, duplex: 'half' });
    expect((await bed.app.fetch(request, { peer: REMOTE })).status).toBe(401);
    expect(wasRead()).toBe(false);
  });

  it('logs no token', async () => {
    await admission(review('team-logged'));
    await post(`/k8s/events/${tokenOf('prod')}`, cloudEvent('team-logged'));
    await post(`/k8s/events/prod/${wrong}`, '');
    for (const text of [tokenOf('prod'), wrong]) expect(JSON.stringify(bed.lines)).not.toContain(text);
  });
});

describe('a review of a Namespace', () => {
  it('is allowed, and its job is there before the answer', async () => {
    const answer = await admission(review('team-new'));
    expect([answer.status, await answer.json()]).toEqual([200, ALLOWED]);
    expect((await places())[0]).toBe('credentials:prod/team-new');
    const { jobs } = await bed.store.jobs.list({ kind: 'credentials' }, 1);
    expect(jobs[0]?.payload).toEqual({ cluster: 'prod', namespace: 'team-new', trigger: 'namespace' });
  });

  it.each([
    ['of a dry run', review('team-dry', { dryRun: true })],
    ['that goes', review('team-gone', { operation: 'DELETE', object: null })],
    ['that changes', review('team-changed', { operation: 'UPDATE' })],
    ['of another group', review('team-crd', { resource: { group: 'x.io', version: 'v1', resource: 'namespaces' } })],
    ['of a Pod', review('team-pod', { resource: { group: '', version: 'v1', resource: 'pods' } })],
  ])('%s is allowed, without a job', async (_, body) => {
    const before = await places();
    const answer = await admission(body);
    expect([answer.status, await answer.json()]).toEqual([200, ALLOWED]);
    expect(await places()).toEqual(before);
  });

  it('that no rule means is allowed, without a job', async () => {
    const before = await places();
    for (const name of ['team-x', 'kube-system']) {
      expect(await (await admission(review(name), 'lab')).json()).toEqual(ALLOWED);
    }
    expect(await places()).toEqual(before);
  });

  it('may be meant by labels that are not known yet', async () => {
    await admission(review('anything'));
    expect((await places())[0]).toBe('credentials:prod/anything');
    const before = await places();
    await admission(review('anything'), 'lab');
    expect(await places()).toEqual(before);
  });

  it('is allowed where nothing can be stored', async () => {
    const broken = await openApiBed(
      { acceptNamespaces: () => Promise.reject(new TransshipError('store-unavailable', 'the disk is full')) },
      bed.deps.config(),
    );
    const answer = await broken.ask(`/k8s/admission/prod/${tokenOf('prod')}`, {
      method: 'POST',
      body: review('team-a'),
    });
    expect([answer.status, await answer.json()]).toEqual([200, ALLOWED]);
    expect(broken.lines.map(({ message }) => message)).toContain('a new namespace could not be noted');
    await broken.close();
  });

  it('is allowed in time where the store hangs', async () => {
    const hanging = await openApiBed({ acceptNamespaces: () => new Promise(() => {}) }, bed.deps.config());
    const asked = hanging.ask(`/k8s/admission/prod/${tokenOf('prod')}`, { method: 'POST', body: review('team-a') });
    let answer: Response | undefined;
    void asked.then((given) => (answer = given));
    const later = async () => {
      await hanging.clock.advance(1000);
      return answer?.status;
    };
    await expect.poll(later).toBe(200);
    expect(await answer?.json()).toEqual(ALLOWED);
    await hanging.close();
  });

  it.each([
    ['no review', { kind: 'Review' }],
    ['no JSON', '{'],
    ['a name that is none', review('Team A')],
  ])('is refused with 400 for %s', async (_, body) => {
    const before = await places();
    const answer = await admission(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining('cannot be read'),
    });
    expect(await places()).toEqual(before);
  });
});

describe('a review of a ServiceAccount', () => {
  const patchOf = async (answer: Response): Promise<unknown> => {
    const { response } = (await answer.json()) as { response: { allowed: boolean; patch?: string } };
    expect(response.allowed).toBe(true);
    return response.patch === undefined ? undefined : JSON.parse(Buffer.from(response.patch, 'base64').toString());
  };
  const add = (...names: string[]) => [
    { op: 'add', path: '/imagePullSecrets', value: names.map((name) => ({ name })) },
  ];

  it.each<[string, object, string, unknown]>([
    ['gets the reference', account('team-a'), 'prod', add('registry-pull')],
    ['gets the same in a dry run', { ...account('team-a') }, 'lab', add('registry-pull')],
    [
      'gets one for each registry, by the labels of its Namespace',
      account('golden'),
      'prod',
      add('gold-src.example.com', 'gold-dst.example.com'),
    ],
    ['gets none in a Namespace whose labels are not known', account('silver'), 'prod', undefined],
    ['gets none in a Namespace that is left out', account('team-x'), 'prod', undefined],
    ['gets none by another name', account('team-a', { metadata: { name: 'builder' } }), 'prod', add('registry-pull')],
    ['keeps what it has', account('team-a', { imagePullSecrets: [{ name: 'registry-pull' }] }), 'prod', undefined],
  ])('%s', async (_, body, cluster, expected) => {
    const before = await places();
    expect(await patchOf(await admission(body, cluster))).toEqual(expected);
    expect(await places()).toEqual(before);
  });

  it('changes nothing where one is changed', async () => {
    const body = account('team-a');
    expect(await patchOf(await admission({ ...body, request: { ...body.request, operation: 'UPDATE' } }))).toBe(
      undefined,
    );
  });
});

describe('events', () => {
  it('are durable before the answer, which names the first job', async () => {
    const answer = await events(cloudEvent('team-1', 'team-2', 'other.x'.slice(0, 5)));
    expect(answer.status).toBe(202);
    const id = answer.headers.get('location')?.replace('/v1/jobs/', '') ?? '';
    expect((await bed.store.jobs.get(id))?.targets).toEqual(['credentials:prod/team-1']);
    expect(await places()).toEqual(expect.arrayContaining(['credentials:prod/team-1', 'credentials:prod/team-2']));
  });

  it('of other things are taken without a job', async () => {
    const before = await places();
    expect((await events({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [] })).status).toBe(200);
    expect((await events(cloudEvent('team-x'), 'lab')).status).toBe(200);
    expect(await places()).toEqual(before);
  });

  it('of many Namespaces ask for one look at the cluster', async () => {
    const names = Array.from({ length: 201 }, (_, index) => `team-${index}`);
    expect((await events(cloudEvent(...names))).status).toBe(202);
    expect((await places())[0]).toBe('credentials:prod');
  });

  it('and the review of one Namespace within a moment give one job', async () => {
    await admission(review('team-once'));
    const first = (await events(cloudEvent('team-once'))).headers.get('location');
    bed.clock.step(500);
    const second = (await events(cloudEvent('team-once'))).headers.get('location');
    expect(second).toBe(first);
    expect((await places()).filter((place) => place === 'credentials:prod/team-once')).toHaveLength(1);
  });

  it('of a Namespace that was made anew give another one', async () => {
    const withUid = (uid: string) => [
      { specversion: '1.0', type: 'namespace.created', source: '/', id: uid, data: { name: 'team-again', uid } },
    ];
    const first = (await events(withUid('one'))).headers.get('location');
    expect((await events(withUid('two'))).headers.get('location')).not.toBe(first);
  });

  it('are sent again where nothing can be stored', async () => {
    const unavailable = new TransshipError('store-unavailable', 'the disk is full', { retryable: true });
    const broken = await openApiBed({ acceptNamespaces: () => Promise.reject(unavailable) }, bed.deps.config());
    const answer = await broken.ask(`/k8s/events/prod/${tokenOf('prod')}`, {
      method: 'POST',
      body: cloudEvent('team-a'),
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    await broken.close();
  });

  it.each<[string, number, Ask]>([
    ['no JSON', 400, { body: '{' }],
    ['nothing that is known', 400, { body: {} }],
    ['a bomb', 400, { body: { awslogs: { data: gzipSync(Buffer.alloc(17 * 1024 * 1024)).toString('base64') } } }],
    ['a batch with one wrong name', 400, { body: cloudEvent('team-good', 'Team Bad') }],
    ['more than 4 MiB', 413, { body: new Uint8Array(4 * 1024 * 1024 + 1) }],
    ['a form', 415, { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a compressed body', 415, { body: '{}', headers: { 'content-encoding': 'gzip' } }],
  ])('are refused without effect: %s', async (_, status, ask) => {
    const before = await places();
    const answer = await post(`/k8s/events/prod/${tokenOf('prod')}`, undefined, ask);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await places()).toEqual(before);
  });

  it('of more Namespaces than get a job each, which no rule selects, ask for nothing', async () => {
    const before = await places();
    const answer = await events(cloudEvent(...Array.from({ length: 1000 }, (_, index) => `other-${index}`)), 'lab');
    expect(answer.status).toBe(200);
    expect(await places()).toEqual(before);
  });

  it('that come faster than 6,000 a minute wait, and those of other clusters go on', async () => {
    const fast = await openApiBed({}, bed.deps.config());
    const body = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [] };
    const send = (cluster: string) =>
      fast.ask(`/k8s/events/${cluster}/${tokenOf(cluster)}`, { method: 'POST', body }).then(({ status }) => status);
    for (let sent = 0; sent < 6000; sent += 1) await send('prod');
    expect(await send('prod')).toBe(429);
    expect(await send('lab')).toBe(200);
    const answer = await fast.ask(`/k8s/admission/prod/${tokenOf('prod')}`, { method: 'POST', body: review('team-a') });
    expect([answer.status, await answer.json()]).toEqual([200, ALLOWED]);
    expect((await fast.store.jobs.list({ kind: 'credentials' }, 1)).jobs).toEqual([]);
    await fast.close();
  });
});

describe('the address for API servers', () => {
  it('has the routes for clusters and no others', async () => {
    const app = createClusterApi(bed.deps);
    const ask = (path: string, init: RequestInit = {}) => app.request(path, init, { peer: REMOTE });
    const body = JSON.stringify(review('team-own'));
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(`/k8s/admission/prod/${tokenOf('prod')}`, { method: 'POST', body, headers });
    expect(await answer.json()).toEqual(ALLOWED);
    for (const path of ['/livez', '/metrics', '/v1/jobs', '/openapi.json', '/docs', '/hooks/harbor/x', '/']) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
    expect((await ask(`/k8s/admission/prod/${tokenOf('prod')}`)).status).toBe(405);
  });
});

/** A body that tells whether somebody asked for it. */
function watchedBody() {
  let wasRead = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        wasRead = true;
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, wasRead: () => wasRead };
}
