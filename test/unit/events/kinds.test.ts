// What the samples of the senders do not show: other forms of their payloads, and notifications that are about something else.
import { describe, expect, it } from 'vitest';
import { push } from './authentic-push.ts';

const HOST = 'registry.example.com';
const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;
const PUSHED = { action: 'push', object: 'manifest', repository: 'team/app', relevant: true };

describe('distribution', () => {
  const send = (...events: object[]) => push('distribution', { events });
  const target = { repository: 'team/app', tag: 'v1' };

  it('tells manifests, indexes and blobs apart by media type alone', async () => {
    const types = [
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.oci.image.layer.v1.tar+gzip',
      undefined,
    ];
    const events = await send(...types.map((mediaType) => ({ action: 'push', target: { ...target, mediaType } })));
    expect(events.map(({ object }) => object)).toEqual(['manifest', 'manifest', 'manifest', 'blob', 'unknown']);
    expect(events.map(({ relevant }) => relevant)).toEqual([true, true, true, false, true]);
  });

  it('keeps a delete, a mount and what is new apart from pushes', async () => {
    const events = await send(
      { action: 'delete', target },
      { action: 'mount', target },
      { action: 'sign', target },
      { target },
    );
    expect(events.map(({ reason }) => reason)).toEqual(['delete', 'mount', 'other', 'other']);
  });

  it('reads an event that lacks request, actor and id, as GitLab may send it', async () => {
    const [event] = await push('gitlab', { events: [{ action: 'push', target }] });
    expect(event).toMatchObject({ ...PUSHED, object: 'unknown', registryHost: null, actor: null, eventId: null });
  });

  it('skips entries that are no objects', async () => {
    expect(await push('distribution', { events: [null, 7, 'x', [], { action: 'push', target }] })).toHaveLength(1);
  });
});

describe('Harbor', () => {
  const body = (resource: object, repository: object = {}, operator = 'admin') => ({
    type: 'PUSH_ARTIFACT',
    occur_at: 1_700_000_000,
    operator,
    event_data: { resources: [resource], repository },
  });

  it.each([
    [`${HOST}/team/app:v1`, { tag: 'v1', digest: null }],
    [`https://${HOST}/team/app:v1`, { tag: 'v1', digest: null }],
    [`${HOST}/team/app@${DIGEST}`, { tag: null, digest: DIGEST }],
    [`${HOST}/team/app:${DIGEST}`, { tag: null, digest: DIGEST }],
  ])('reads %s', async (url, expected) => {
    const [event] = await push('harbor', body({ resource_url: url }), { receiver: { untagged: 'sweep' } });
    expect(event).toMatchObject({ ...PUSHED, registryHost: HOST, ...expected });
  });

  it('prefers an explicit tag to the one in the URL', async () => {
    const resource = { resource_url: `${HOST}/team/app:v1`, tag: 'v2' };
    expect(await push('harbor', body(resource))).toMatchObject([{ tag: 'v2' }]);
  });

  it.each([
    [{ repo_full_name: 'team/app', name: 'x' }, 'team/app'],
    [{ namespace: 'team', name: 'app' }, 'team/app'],
    [{ name: 'app' }, 'app'],
    [{ namespace: 'team' }, null],
  ])('takes the repository from %j where the URL has no host', async (repository, expected) => {
    const resource = { resource_url: 'harbor/any:v1', tag: 'v1' };
    expect(await push('harbor', body(resource, repository))).toMatchObject([
      { repository: expected, registryHost: null },
    ]);
  });

  it('never mirrors what a proxy cache filled', async () => {
    const resource = { resource_url: `${HOST}/team/app:v1` };
    const events = await push('harbor', body(resource, {}, 'harbor#proxy-cache-service'));
    expect(events).toMatchObject([{ action: 'cache', reason: 'cache' }]);
  });

  it('reads a push in the CloudEvents format', async () => {
    const data = { resources: [{ resource_url: `${HOST}/team/app:v1`, tag: 'v1', digest: DIGEST }] };
    const envelope = {
      specversion: '1.0',
      id: 'e1',
      type: 'harbor.artifact.pushed',
      time: '2024-01-01T00:00:00Z',
      data,
    };
    const [event] = await push('harbor', { ...envelope, operator: 'admin' });
    expect(event).toMatchObject({ ...PUSHED, eventId: 'e1', occurredAt: '2024-01-01T00:00:00.000Z', actor: 'admin' });
  });

  it.each(['SCANNING_COMPLETED', 'TAG_RETENTION', 'uploadChart', 'harbor.scan.completed', 'toString'])(
    'makes nothing of %s',
    async (type) => {
      expect(await push('harbor', { ...body({ resource_url: `${HOST}/team/app:v1` }), type })).toEqual([]);
    },
  );
});

it('reads the tags of an old Quay, which are the keys of an object', async () => {
  const body = { docker_url: `${HOST}/team/app`, updated_tags: { v1: 'id', v2: 'id' } };
  expect(await push('quay', body)).toMatchObject([
    { ...PUSHED, tag: 'v1' },
    { ...PUSHED, tag: 'v2' },
  ]);
  const [event] = await push('quay', { repository: 'team/app', updated_tags: ['v1'] });
  expect(event).toMatchObject({ ...PUSHED, registryHost: null });
});

it('knows official images of Docker Hub', async () => {
  for (const repository of [{ repo_name: 'nginx' }, { name: 'nginx' }, { namespace: 'library', name: 'nginx' }]) {
    const events = await push('docker-hub', { push_data: { tag: 'v1' }, repository });
    expect(events).toMatchObject([{ repository: 'library/nginx', registryHost: 'docker.io' }]);
  }
  expect(await push('docker-hub', { push_data: {} })).toMatchObject([{ tag: null, reason: 'no-repository' }]);
});

describe('GitHub', () => {
  const HEADERS = { 'x-github-event': 'registry_package', 'x-github-delivery': 'guid' };
  const send = (pack: object, action = 'published') =>
    push('github', { action, registry_package: pack }, { headers: HEADERS, receiver: { untagged: 'sweep' } });
  const container = (version: object, pack: object = {}) => ({
    name: 'app',
    namespace: 'team',
    package_type: 'docker',
    ...pack,
    package_version: version,
  });

  it('reads registry_package as it does package', async () => {
    const [event] = await send(container({ container_metadata: { tag: { name: 'v1', digest: DIGEST } } }));
    expect(event).toMatchObject({ repository: 'team/app', tag: 'v1', digest: DIGEST, eventId: 'guid' });
  });

  it('takes the first digest that is one', async () => {
    const metadata = { manifest: { digest: 'sha256:6c62fb45' }, tag: { name: '', digest: 'x' } };
    const [event] = await send(container({ version: DIGEST, name: 'x', container_metadata: metadata }));
    expect(event).toMatchObject({ tag: null, digest: DIGEST });
  });

  it('takes an empty tag for none, though the version could be one', async () => {
    expect(await send(container({ version: 'v1', container_metadata: { tag: { name: '' } } }))).toMatchObject([
      { tag: null },
    ]);
    expect(await send(container({ version: 'v1' }))).toMatchObject([{ tag: 'v1' }]);
    expect(await send(container({ version: DIGEST, name: 'v1' }))).toMatchObject([{ tag: 'v1', digest: DIGEST }]);
  });

  it.each([
    [{ namespace: 'team/app' }, null],
    [{ namespace: 'team/app', owner: { login: 'Owner' } }, 'owner/app'],
    [{ registry: { type: 'DOCKER' } }, null],
    [{ name: 7 }, null],
  ])('finds the repository of %j', async (pack, repository) => {
    expect(await send(container({ version: 'v1' }, pack))).toMatchObject([{ repository }]);
  });

  it('finds host and repository of a package URL first', async () => {
    const version = {
      package_url: 'containers.acme.ghe.example/Team/App:v1',
      container_metadata: { tag: { name: 'v2' } },
    };
    const [event] = await send(container(version, { registry: { type: 'docker' } }));
    expect(event).toMatchObject({ registryHost: 'containers.acme.ghe.example', repository: 'team/app', tag: 'v2' });
  });

  it.each([
    [{ package_type: 'maven' }, 0],
    [{ package_type: 'npm', ecosystem: 'docker' }, 0],
    [{ package_type: 'npm', ecosystem: 'Container' }, 1],
    [{ package_type: null, registry: { type: 'CONTAINER' } }, 1],
  ])('knows whether %j is a container', async (pack, count) => {
    expect(await send(container({ version: 'v1' }, pack))).toHaveLength(count);
  });

  it('knows its actions', async () => {
    const actions = ['published', 'updated', 'create', 'deleted', 'restored'];
    const events = await Promise.all(actions.map((action) => send(container({ version: 'v1' }), action)));
    expect(events.flat().map(({ action }) => action)).toEqual(['push', 'push', 'push', 'delete', 'other']);
  });

  it('makes nothing of other events, such as a push of commits', async () => {
    const body = { ref: 'refs/heads/main', repository: { full_name: 'team/app' } };
    expect(await push('github', body, { headers: { 'x-github-event': 'push' } })).toEqual([]);
  });
});

describe('ACR', () => {
  const target = { repository: 'team/app', tag: 'v1', digest: DIGEST };
  const actions = ['push', 'delete', 'quarantine', 'chart_push', 'chart_delete', 'import'];

  it('knows its actions', async () => {
    const events = await Promise.all(actions.map((action) => push('acr', { action, target })));
    expect(events.flat().map(({ action, object }) => `${object} ${action}`)).toEqual([
      'manifest push',
      'manifest delete',
      'manifest quarantine',
      'chart push',
      'chart delete',
      'manifest other',
    ]);
  });

  it('sends batches through Event Grid, in either schema, one envelope or many', async () => {
    const data = { action: 'push', target, timestamp: '2024-01-01T00:00:00Z', id: 'inner' };
    const grid = { id: 'g', eventType: 'Microsoft.ContainerRegistry.ImagePushed', data };
    const cloud = { id: 'c', type: 'ChartDeleted', specversion: '1.0', data: { ...data, action: 'chart_delete' } };
    const other = { id: 'o', eventType: 'Microsoft.Storage.BlobCreated', data };
    const events = await push('acr-event-grid', [grid, other, cloud, null]);
    expect(events).toMatchObject([
      { eventId: 'g', action: 'push', object: 'manifest', occurredAt: '2024-01-01T00:00:00.000Z' },
      { eventId: 'c', action: 'delete', object: 'chart' },
    ]);
    expect(await push('acr-event-grid', cloud)).toMatchObject([{ eventId: 'c' }]);
  });

  it('shakes hands only with a code', async () => {
    const eventType = 'Microsoft.EventGrid.SubscriptionValidationEvent';
    expect(await push('acr-event-grid', [{ id: '1', eventType, data: { validationUrl: 'https://x.test' } }])).toEqual(
      [],
    );
    const [event] = await push('acr-event-grid', { id: '1', type: eventType, data: { validationCode: 'code' } });
    expect(event).toMatchObject({ action: 'handshake', object: 'unknown', challenge: 'code', relevant: false });
  });
});

describe('ECR', () => {
  const event = (type: string, detail: object, envelope: object = {}) => ({
    id: '1',
    source: 'aws.ecr',
    account: '123456789012',
    region: 'eu-west-1',
    time: '2024-01-01T00:00:00Z',
    'detail-type': type,
    detail: { 'repository-name': 'team/app', 'image-tag': 'v1', result: 'SUCCESS', ...detail },
    ...envelope,
  });
  const hostOf = (account: unknown, region: unknown) =>
    push('ecr', event('ECR Image Action', {}, { account, region })).then(([first]) => first?.registryHost);

  it('has a host of account and region', async () => {
    expect(await hostOf('123456789012', 'eu-west-1')).toBe('123456789012.dkr.ecr.eu-west-1.amazonaws.com');
    expect(await hostOf('123456789012', 'us-gov-west-1')).toBe('123456789012.dkr.ecr.us-gov-west-1.amazonaws.com');
    expect(await hostOf('123456789012', 'cn-north-1')).toBe('123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn');
    for (const [account, region] of [
      ['1', 'eu-west-1'],
      ['123456789012', 'evil.example'],
      ['123456789012', 'us-iso-east-1'],
      [7, 7],
    ]) {
      expect(await hostOf(account, region)).toBeNull();
    }
  });

  it('reports failures', async () => {
    const detail = { 'action-type': 'PUSH', result: 'FAILURE' };
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const receiver = { registry: { id: 'main', hosts: [host] } };
    expect(await push('ecr', event('ECR Image Action', detail), { receiver })).toMatchObject([{ reason: 'failed' }]);
    expect(await push('ecr', event('ECR Image Action', { ...detail, result: 'SUCCESS' }), { receiver })).toMatchObject([
      PUSHED,
    ]);
  });

  it.each([
    ['ECR Image Action', { 'action-type': 'PUSH' }, { action: 'push', object: 'manifest' }],
    ['ECR Image Action', { 'action-type': 'TAG' }, { action: 'other', object: 'manifest' }],
    ['ECR Referrer Action', { 'action-type': 'PUSH' }, { action: 'push', object: 'referrer' }],
    ['ECR Referrer Action', { 'action-type': 'DELETE' }, { action: 'delete', object: 'referrer' }],
    ['ECR Replication Action', { 'action-type': 'REPLICATE' }, { action: 'replicate', object: 'manifest' }],
    ['ECR Image Scan', { 'image-tag': null, 'image-tags': ['v2', 'v3'] }, { action: 'scan', tag: 'v2' }],
  ])('reads %s %j', async (type, detail, expected) => {
    expect(await push('ecr', event(type, detail))).toMatchObject([expected]);
  });

  it('gives an event for each repository whose scanning changed', async () => {
    const repositories = [{ 'repository-name': 'a' }, { 'repository-name': 'b' }];
    const events = await push('ecr', event('ECR Scan Resource Change', { repositories }));
    expect(events).toMatchObject(
      ['a', 'b'].map((repository) => ({ action: 'other', object: 'repository', repository })),
    );
  });

  it('makes nothing of other events of the bus', async () => {
    expect(await push('ecr', event('ECR Image Action', {}, { source: 'my.app' }))).toEqual([]);
    expect(await push('ecr', event('AWS API Call via CloudTrail', {}))).toEqual([]);
  });
});

describe('Artifact Registry', () => {
  const wrapped = (notification: object) => ({
    message: { data: Buffer.from(JSON.stringify(notification)).toString('base64'), message_id: '9', publish_time: 'x' },
  });
  const image = `${HOST}/team/app`;

  it('reads tag and digest of full references', async () => {
    const body = wrapped({ action: 'INSERT', digest: `${image}@${DIGEST}`, tag: `${image}:v1` });
    expect(await push('artifact-registry', body)).toMatchObject([
      { ...PUSHED, registryHost: HOST, tag: 'v1', digest: DIGEST, eventId: '9' },
    ]);
  });

  it('has no tag where none is named', async () => {
    const body = wrapped({ action: 'INSERT', digest: `${image}@${DIGEST}` });
    expect(await push('artifact-registry', body)).toMatchObject([
      { repository: 'team/app', tag: null, reason: 'untagged' },
    ]);
  });

  it('tells a deleted manifest from a deleted tag', async () => {
    const deleted = (fields: object) => push('artifact-registry', wrapped({ action: 'DELETE', ...fields }));
    expect(await deleted({ digest: `${image}@${DIGEST}` })).toMatchObject([{ action: 'delete', object: 'manifest' }]);
    expect(await deleted({ tag: `${image}:v1` })).toMatchObject([{ action: 'delete', object: 'tag' }]);
  });

  it.each([{}, { action: 'UPDATE', tag: `${image}:v1` }, []])('makes nothing of %j', async (notification) => {
    expect(await push('artifact-registry', wrapped(notification))).toEqual([]);
    expect(await push('artifact-registry', { message: { data: '%%%' } })).toEqual([]);
  });
});

describe('Artifactory', () => {
  const send = (data: object, event: object = {}) =>
    push('artifactory', {
      domain: 'docker',
      event_type: 'pushed',
      data: { repo_key: 'docker-local', tag: 'v1', ...data },
      ...event,
    });

  it.each([
    [{ image_name: 'team/app', path: 'team/app/v1/manifest.json' }, 'docker-local/team/app'],
    [{ image_name: 'app', path: 'team/app/v1/manifest.json' }, 'docker-local/team/app'],
    [{ image_name: 'app', path: 'team/myapp/v1/manifest.json' }, 'docker-local/app'],
    [{ image_name: 'app' }, 'docker-local/app'],
    [{ path: 'team/app/v1/manifest.json' }, null],
    [{ image_name: 'app', repo_key: 7 }, null],
  ])('finds the repository of %j', async (data, repository) => {
    expect(await send(data)).toMatchObject([{ repository }]);
  });

  it('completes its digest', async () => {
    expect(await send({ image_name: 'app', sha256: HEX })).toMatchObject([{ digest: DIGEST }]);
  });

  it('makes nothing of other domains and events', async () => {
    expect(await send({ image_name: 'app' }, { domain: 'artifact' })).toEqual([]);
    expect(await send({ image_name: 'app' }, { event_type: 'cached' })).toEqual([]);
  });
});

it('reads components of Nexus in docker format only', async () => {
  const send = (component: object, action = 'UPDATED') =>
    push('nexus', {
      action,
      initiator: 'admin/192.0.2.7',
      component: { format: 'docker', name: 'app', version: 'v1', ...component },
    });
  expect(await send({})).toMatchObject([{ action: 'push', repository: 'app', tag: 'v1', actor: 'admin' }]);
  expect(await send({ group: 'team' }, 'DELETED')).toMatchObject([{ action: 'delete', repository: 'team/app' }]);
  expect(await send({}, 'PURGED')).toMatchObject([{ action: 'other' }]);
  expect(await send({ format: 'maven2' })).toEqual([]);
});

it('reads container packages of Gitea only, by tag or by digest', async () => {
  const pack = { type: 'container', name: 'app', version: DIGEST, owner: { login: 'Team' } };
  const send = (change: object, action = 'created') => push('gitea', { action, package: { ...pack, ...change } });
  expect(await send({})).toMatchObject([{ action: 'push', repository: 'team/app', tag: null, digest: DIGEST }]);
  expect(await send({ version: 'v1' }, 'deleted')).toMatchObject([{ action: 'delete', tag: 'v1', digest: null }]);
  expect(await send({ type: 'npm' })).toEqual([]);
});

describe('zot', () => {
  const send = (type: string, data: object) => push('zot', data, { headers: { 'ce-type': type, 'ce-id': '1' } });

  it.each([
    ['image.deleted', { action: 'delete', object: 'manifest' }],
    ['image.scanned', { action: 'scan', object: 'manifest' }],
    ['image.lint_failed', { action: 'other', object: 'manifest' }],
    ['repository.created', { action: 'other', object: 'repository' }],
  ])('reads %s', async (type, expected) => {
    expect(await send(`zotregistry.${type}`, { name: 'team/app' })).toMatchObject([
      { repository: 'team/app', ...expected },
    ]);
  });

  it('takes a reference that is a digest for one', async () => {
    const events = await send('zotregistry.image.updated', { name: 'team/app', reference: DIGEST });
    expect(events).toMatchObject([{ tag: null, digest: DIGEST }]);
  });

  it('reads the structured form too', async () => {
    const event = { type: 'zotregistry.image.updated', id: '1', data: { name: 'team/app', reference: 'v1' } };
    expect(await push('zot', event)).toMatchObject([{ ...PUSHED, tag: 'v1', eventId: '1' }]);
    expect(await push('zot', { ...event, type: 'com.example.image.push' })).toEqual([]);
  });
});

it('reads pushes of Chainguard, whose clock is UTC', async () => {
  const headers = { 'ce-type': 'dev.chainguard.registry.push.v1', 'ce-source': HOST, 'ce-id': '1' };
  const send = (body: object, type = headers['ce-type']) =>
    push(
      'chainguard',
      { body: { repository: 'team/app', tag: 'v1', ...body } },
      { headers: { ...headers, 'ce-type': type } },
    );
  const [event] = await send({ type: 'manifest', when: '2025-04-23T00:37:47.810899' });
  expect(event).toMatchObject({ ...PUSHED, registryHost: HOST, occurredAt: '2025-04-23T00:37:47.810Z' });
  expect(await send({ type: 'blob' })).toMatchObject([{ object: 'blob', reason: 'blob' }]);
  expect(await send({ when: '2025-04-23T00:37:47+02:00' })).toMatchObject([{ occurredAt: '2025-04-22T22:37:47.000Z' }]);
  expect(await send({}, 'dev.chainguard.api.iam.invite.created.v1')).toEqual([]);
});

describe('CloudEvents of others', () => {
  const send = (event: object) =>
    push('cloudevents', { specversion: '1.0', id: '1', type: 'com.example.image.push', ...event });

  it.each([
    ['com.example.container.pushed', 'push'],
    ['com.example.artifact_published', 'push'],
    ['registry-image-updated', 'push'],
    ['Com.Example.Image.Created', 'push'],
    ['com.example.image.removed', 'delete'],
    ['com.example.image.deleted', 'delete'],
    ['com.example.image.pull', 'pull'],
    ['com.example.image.push.v1', 'other'],
    ['com.example.image', 'other'],
  ])('reads %s', async (type, action) => {
    expect(await send({ type })).toMatchObject([{ action }]);
  });

  it.each(['com.example.imagery.push', 'push', 'com.example.push'])('makes nothing of %s', async (type) => {
    expect(await send({ type })).toEqual([]);
  });

  it('completes what data leaves out with the subject', async () => {
    const subject = `team/app@${DIGEST}`;
    expect(await send({ subject, data: { tag: 'v1' } })).toMatchObject([{ ...PUSHED, tag: 'v1', digest: DIGEST }]);
    expect(await send({ subject: 'other:v9', data: { imageTag: 'v1', repository: 'team/app' } })).toMatchObject([
      { ...PUSHED, tag: 'v1' },
    ]);
  });

  it.each([
    [{ registryUrl: 'https://a.example:5000/x' }, 'https://b.example', 'a.example:5000'],
    [{ registry: 'a.example' }, 'https://b.example', 'a.example'],
    [{}, 'https://b.example/x', 'b.example'],
    [{}, '/relative', null],
    [{ registry: 'a.example' }, 'urn:aws:ecr:evil.example:123456789012:repository/x', null],
  ])('finds the host of %j from %s', async (data, source, registryHost) => {
    expect(await send({ source, data })).toMatchObject([{ registryHost }]);
  });

  it('come in a list, or in headers', async () => {
    const event = { id: '1', type: 'com.example.image.push', data: { repository: 'team/app', tag: 'v1' } };
    expect(await push('cloudevents', [event, { ...event, id: '2' }, 7])).toMatchObject([
      { eventId: '1' },
      { eventId: '2' },
    ]);
    const headers = { 'ce-type': event.type, 'ce-id': '3', 'ce-subject': 'x:v2', 'ce-time': '2024-01-01T00:00:00Z' };
    expect(await push('cloudevents', event.data, { headers })).toMatchObject([{ ...PUSHED, tag: 'v1', eventId: '3' }]);
  });
});

it('takes a Helm chart for one only on evidence', async () => {
  const helm = 'application/vnd.cncf.helm.config.v1+json';
  const detail = { 'action-type': 'PUSH', 'repository-name': 'team/app', 'image-tag': '1.0.0' };
  const event = (type: string) => ({
    id: '1',
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    detail: { ...detail, 'artifact-media-type': type },
  });
  expect(await push('ecr', event(helm))).toMatchObject([{ object: 'chart', artifactType: helm, relevant: true }]);
  expect(await push('ecr', event('application/vnd.oci.image.config.v1+json'))).toMatchObject([{ object: 'manifest' }]);
});
