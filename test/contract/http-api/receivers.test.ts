// Notifications through the HTTP routes: every published sample gets its answer, and what is junk, too large, forged or sent again
// makes no job.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiverDirectory } from '../../../functions/registry-push/receivers.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { pathToken } from '../../../shared/events/path-token.ts';
import { isReceiverKind, PUSH_SOURCES } from '../../../shared/events/index.ts';
import type { ReceiverKind } from '../../../shared/events/push-event.ts';
import type { Receiver } from '../../../shared/events/receiver.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { HOOK_SECRET, MASTER_KEY, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';
import { bodyOf, FIXTURES, type Fixture } from '../../unit/events/fixtures.ts';

const MIB = 1024 * 1024;
const KINDS = Object.keys(PUSH_SOURCES).filter(isReceiverKind);
const AUTHORIZED = { authorization: HOOK_SECRET };
const HUB_TOKEN = pathToken(new Secret(MASTER_KEY), 'hub', 1);
const GRID_TOKEN = pathToken(new Secret(MASTER_KEY), 'grid', 1);

let bed: ApiBed<ManualClock>;
let receiver: Receiver | undefined;
let failure: TransshipError | undefined;

beforeAll(async () => {
  bed = await openApiBed();
  const jobs = { ...bed.store.jobs };
  bed.store.jobs.accept = async (...args) => {
    if (failure !== undefined) throw failure;
    return jobs.accept(...args);
  };
  const configured = bed.deps.receivers();
  const directory: ReceiverDirectory = {
    ...configured,
    find: (kind, id, token) => receiver ?? configured.find(kind, id, token),
  };
  Object.assign(bed.deps, { receivers: () => directory });
});

beforeEach(() => {
  receiver = undefined;
  failure = undefined;
});

afterAll(() => bed.close());

function push(path: string, body: unknown, headers: Record<string, string> = AUTHORIZED): Promise<Response> {
  return bed.ask(path, { method: 'POST', body, headers });
}

async function jobCount(): Promise<number> {
  return (await bed.store.jobs.counts()).accepted;
}

function pushOf(id: string, tag = '1.0'): unknown {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const target = { mediaType, repository: 'team/app', tag, digest: `sha256:${'a'.repeat(64)}` };
  return {
    events: [{ id, timestamp: '2026-11-21T11:59:59Z', action: 'push', target, request: { host: 'src.example.com' } }],
  };
}

/** What a bus vouches for does not come over HTTP. */
const OVER_HTTP = FIXTURES.filter(({ receiver: { auth } }) => auth.mode !== 'platform');

it.each(OVER_HTTP.map((fixture) => [titleOf(fixture), fixture] as const))(
  'answers the sample %s',
  async (_, fixture) => {
    receiver = fixture.receiver;
    const answer = await push(pathOf(fixture), bodyOf(fixture), fixture.headers);
    const json = fixture.http.json === undefined ? '' : JSON.stringify(fixture.http.json);
    expect([answer.status, await answer.text()]).toEqual([fixture.http.status, json]);
  },
);

const BY_PLATFORM = FIXTURES.filter((fixture) => !OVER_HTTP.includes(fixture));

it.each(BY_PLATFORM.map((fixture) => [titleOf(fixture), fixture] as const))(
  'refuses the sample %s',
  async (_, fixture) => {
    receiver = fixture.receiver;
    expect((await push(pathOf(fixture), bodyOf(fixture), fixture.headers)).status).toBe(401);
  },
);

const WITH_CREDENTIAL = OVER_HTTP.filter(({ receiver: { auth } }) => auth.mode !== 'path');

it.each(WITH_CREDENTIAL.map((fixture) => [titleOf(fixture), fixture] as const))(
  'makes no job of the sample %s with another credential',
  async (_, fixture) => {
    receiver = fixture.receiver;
    const forged = Object.fromEntries(
      Object.entries(fixture.headers).map(([name, value]) => [name, isCredential(name, fixture) ? `${value}x` : value]),
    );
    const before = await jobCount();
    const answer = await push(pathOf(fixture), bodyOf(fixture), forged);
    expect([answer.status, await jobCount()]).toEqual([401, before]);
  },
);

/** Headers with which a body of the kind is read, and the answer to one that is too large; who has only a token stays out. */
function opened(kind: ReceiverKind): { headers: Record<string, string>; status: number } {
  const { modes, signature } = PUSH_SOURCES[kind];
  const mode = (['header', 'path'] as const).find((one) => modes.includes(one));
  if (mode !== undefined) {
    const auth = mode === 'path' ? { mode } : { mode, name: 'authorization', secrets: [HOOK_SECRET] };
    receiver = { id: 'any', registry: { id: 'any', hosts: ['any'] }, auth };
    return { headers: AUTHORIZED, status: 413 };
  }
  if (signature === undefined) return { headers: AUTHORIZED, status: 401 };
  const { header, prefix, algorithm } = signature;
  return { headers: { [header]: prefix + 'a'.repeat(algorithm === 'sha1' ? 40 : 64) }, status: 413 };
}

describe.each(KINDS)('a receiver of kind %s', (kind) => {
  it('takes no more than its size, announced or not', async () => {
    const { maxBodyBytes } = PUSH_SOURCES[kind];
    const tooLarge = Buffer.alloc(maxBodyBytes + 1, ' ');
    const announced = { 'content-length': String(maxBodyBytes + 1), ...AUTHORIZED };
    expect((await push(`/hooks/${kind}/any`, tooLarge, announced)).status).toBe(413);
    const { headers, status } = opened(kind);
    expect((await push(`/hooks/${kind}/any`, tooLarge, headers)).status).toBe(status);
  });

  it('stops reading when there is more than it takes', async () => {
    let sentBytes = 0;
    const body = new ReadableStream({
      pull(controller) {
        sentBytes += MIB;
        controller.enqueue(new Uint8Array(MIB));
        if (sentBytes > 64 * MIB) controller.close();
      },
    });
    const { headers, status } = opened(kind);
    const request = new Request(`http://localhost/hooks/${kind}/any`, {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': 'application/json', ...headers },
    });
    const answer = await bed.app.fetch(request, {});
    expect(answer.status).toBe(status);
    expect(sentBytes).toBeLessThan(PUSH_SOURCES[kind].maxBodyBytes + 4 * MIB);
  });

  it('answers 401 to who is not known, in the same words for everybody', async () => {
    const unknown = await push(`/hooks/${kind}/nobody`, {}, {});
    const wrong = await push(`/hooks/${kind}/src/${'x'.repeat(43)}`, {}, { authorization: 'Bearer wrong' });
    expect([unknown.status, wrong.status]).toEqual([401, 401]);
    expect(await unknown.text()).toBe(await wrong.text());
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])(
    'does not take %s',
    async (type) => {
      expect((await push(`/hooks/${kind}/any`, 'payload={}', { 'content-type': type })).status).toBe(415);
    },
  );
});

const SIMPLE = KINDS.filter((kind) => PUSH_SOURCES[kind].modes.some((mode) => mode === 'header' || mode === 'path'));

describe.each(SIMPLE)('to a known sender of kind %s', (kind) => {
  it.each([
    ['junk', 'junk'],
    ['half a body', '{"events":[{"action":"pu'],
    ['a deep one', '['.repeat(100_000)],
    ['no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
    ['null', 'null'],
  ])('answers 200 for %s, and makes no job', async (_, body) => {
    const isHeader = PUSH_SOURCES[kind].modes.includes('header');
    const auth = isHeader ? ({ mode: 'header', name: 'x-test', secrets: ['s'] } as const) : ({ mode: 'path' } as const);
    receiver = { id: 'any', registry: { id: 'r', hosts: [] }, auth };
    const before = await jobCount();
    const answer = await push(`/hooks/${kind}/any`, body, { 'x-test': 's' });
    expect([answer.status, await jobCount()]).toEqual([200, before]);
  });
});

it('stores the job before it answers, and names it', async () => {
  const answer = await push('/hooks/distribution/src', pushOf('first'));
  expect(answer.status).toBe(202);
  const id = answer.headers.get('location')?.replace('/v1/jobs/', '') ?? '';
  expect(await bed.store.jobs.get(id)).toMatchObject({ state: 'READY', targets: ['dst.example.com/mirror/app:1.0'] });
});

it('makes one job of a notification that is sent again, and names it again', async () => {
  const first = await push('/hooks/distribution/src', pushOf('again', '2.0'));
  const before = await jobCount();
  const second = await push('/hooks/distribution/src', pushOf('again', '2.0'));
  expect(second.status).toBe(202);
  expect(second.headers.get('location')).toBe(first.headers.get('location'));
  expect(await jobCount()).toBe(before);
});

it('asks the sender to come again when nothing can be stored', async () => {
  failure = new TransshipError('store-unavailable', 'the disk is full', { retryable: true, retryAfterMs: 7000 });
  const answer = await push('/hooks/distribution/src', pushOf('full'));
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('7');
  expect(await answer.text()).not.toContain('disk');
});

it('tells of a push that was taken in a line of its own, and of its request at the level debug', async () => {
  bed.lines.length = 0;
  expect((await push('/hooks/distribution/src', pushOf('told'))).status).toBe(202);
  expect((await push('/hooks/distribution/src', pushOf('told'), {})).status).toBe(401);
  const told = bed.lines.filter(({ message }) => message === 'request' || message === 'push accepted');
  expect(told.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'info push accepted',
    'debug request',
    'info request',
  ]);
});

describe('a token in the path', () => {
  const body = { push_data: { tag: '3.0', pushed_at: 1_795_262_399 }, repository: { repo_name: 'team/app' } };

  it('lets its sender in', async () => {
    expect((await push(`/hooks/docker-hub/hub/${HUB_TOKEN}`, body, {})).status).toBe(200);
  });

  it.each([
    ['no token', '/hooks/docker-hub/hub'],
    ['the token of another receiver', `/hooks/docker-hub/hub/${GRID_TOKEN}`],
    ['a part of it', `/hooks/docker-hub/hub/${HUB_TOKEN.slice(0, 42)}`],
    ['another kind', `/hooks/quay/hub/${HUB_TOKEN}`],
    ['a token where a header is asked for', `/hooks/distribution/src/${HUB_TOKEN}`],
  ])('keeps out %s', async (_, path) => {
    expect((await push(path, body)).status).toBe(401);
  });

  it('stands in no line of the log, wherever it was sent to', async () => {
    bed.lines.length = 0;
    await push(`/hooks/docker-hub/hub/${HUB_TOKEN}`, body, {});
    await push(`/hooks/docker-hub/hub/${HUB_TOKEN}/more`, body, {});
    await push(`/hook/docker-hub/hub/${HUB_TOKEN}`, body, {});
    await bed.ask(`/hooks/docker-hub/hub/${HUB_TOKEN}`, { method: 'PUT' });
    await bed.ask(`/v1/jobs?cursor=${HUB_TOKEN}`);
    expect(bed.lines.filter(({ message }) => message === 'request')).toHaveLength(5);
    expect(JSON.stringify(bed.lines)).not.toContain(HUB_TOKEN);
  });

  it('is answered its handshake, and only there', async () => {
    const headers = { 'webhook-request-origin': 'eventgrid.azure.net' };
    const options = async (path: string) => bed.ask(path, { method: 'OPTIONS', headers });
    const known = await options(`/hooks/acr-event-grid/grid/${GRID_TOKEN}`);
    expect(known.status).toBe(200);
    expect(known.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
    for (const path of [
      '/hooks/acr-event-grid/grid',
      `/hooks/acr-event-grid/grid/${HUB_TOKEN}`,
      '/hooks/distribution/src',
    ]) {
      const refused = await options(path);
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});

it.each(['GET', 'PUT', 'DELETE'])('answers 405 to %s', async (method) => {
  const answer = await bed.ask('/hooks/distribution/src', { method });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toContain('POST');
});

it('answers 404 to a kind that there is not', async () => {
  expect((await push('/hooks/constructor/src', {})).status).toBe(404);
});

function titleOf({ file, note }: Fixture): string {
  return note === undefined ? file : `${file} (${note})`;
}

function pathOf({ kind, receiver: { id } }: Fixture): string {
  return `/hooks/${kind}/${id}`;
}

function isCredential(name: string, { kind, receiver: { auth } }: Fixture): boolean {
  if (auth.mode === 'header') return name === auth.name.toLowerCase();
  return name === (auth.mode === 'hmac' ? PUSH_SOURCES[kind].signature?.header : 'authorization');
}
