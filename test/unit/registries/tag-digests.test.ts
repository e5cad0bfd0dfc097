// The answers follow the wire formats that the vendors document (links in shared/registries/<vendor>.ts); no vendor was asked.
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import type { RegistryPort, RegistryRequest, RegistryResponse } from '../../../shared/oci/registry-request.ts';
import type { TagDigest } from '../../../shared/registries/vendor.ts';
import { vendorOf } from '../../../shared/registries/vendors.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const C = `sha512:${'c'.repeat(128)}`;

type Answer = { body: unknown; link?: string } | TransshipError;

/** A registry that gives the answers in turn (the last one for ever) and keeps the requests. */
function portOf(kind: string, answers: Answer[]): RegistryPort & { requests: RegistryRequest[]; urls: string[] } {
  const requests: RegistryRequest[] = [];
  const urls: string[] = [];
  return {
    host: 'r.example.com',
    traits: vendorOf('r.example.com', kind).traits,
    requests,
    urls,
    async send(request) {
      const url = new URL(request.target, 'https://r.example.com');
      requests.push(request);
      urls.push(url.href.replace('https://r.example.com', ''));
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer === undefined) throw new Error('no answer');
      if (answer instanceof TransshipError) throw answer;
      return responseOf(url, answer.body, answer.link);
    },
  };
}

function responseOf(url: URL, body: unknown, link: string | undefined): RegistryResponse {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    status: 200,
    headers: { 'content-type': 'application/json', link },
    url,
    body: Readable.from([bytes]),
    bytes: async () => bytes,
    json: async () => JSON.parse(bytes.toString()),
    discard: async () => undefined,
  };
}

async function list(
  kind: string,
  port: RegistryPort,
  repository = 'acme/app',
  signal?: AbortSignal,
): Promise<TagDigest[]> {
  const lister = vendorOf('r.example.com', kind).listTagDigests;
  if (lister === undefined) throw new Error(`${kind} has no lister`);
  return Array.fromAsync(lister(port, repository, signal === undefined ? {} : { signal }));
}

const at = (text: string): Date => new Date(text);

/** An index from tag to digest in the form of each vendor, on two pages. */
const PAGES: Record<string, { repository?: string; answers: Answer[]; urls: string[]; expected: TagDigest[] }> = {
  'artifact-registry': {
    answers: [
      {
        body: {
          name: 'acme/app',
          child: [],
          tags: ['1', '2', 'latest'],
          manifest: {
            [A]: { tag: ['1'], timeUploadedMs: '1700000000000', imageSizeBytes: '1', mediaType: 'x' },
            [B]: { tag: ['2', 'latest'], timeUploadedMs: 1_700_000_001_000 },
            [C]: { tag: [] },
          },
        },
      },
    ],
    urls: ['/v2/acme/app/tags/list'],
    expected: [
      { tag: '1', digest: A, pushedAt: at('2023-11-14T22:13:20Z') },
      { tag: '2', digest: B, pushedAt: at('2023-11-14T22:13:21Z') },
      { tag: 'latest', digest: B, pushedAt: at('2023-11-14T22:13:21Z') },
    ],
  },
  quay: {
    answers: [
      {
        body: {
          page: 1,
          has_additional: true,
          tags: [
            { name: '1', manifest_digest: A, start_ts: 1_717_680_780, reversion: false, size: 1 },
            { name: '2', manifest_digest: B, last_modified: 'Thu, 06 Jun 2024 13:33:00 -0000' },
          ],
        },
      },
      { body: { page: 2, has_additional: false, tags: [{ name: '3', manifest_digest: C }] } },
    ],
    urls: [
      '/api/v1/repository/acme/app/tag/?onlyActiveTags=true&limit=100&page=1',
      '/api/v1/repository/acme/app/tag/?onlyActiveTags=true&limit=100&page=2',
    ],
    expected: [
      { tag: '1', digest: A, pushedAt: at('2024-06-06T13:33:00Z') },
      { tag: '2', digest: B, pushedAt: at('2024-06-06T13:33:00Z') },
      { tag: '3', digest: C },
    ],
  },
  harbor: {
    repository: 'acme/team/app',
    answers: [
      {
        body: Array.from({ length: 100 }, (_, index) => ({
          digest: A,
          push_time: '2024-01-01T00:00:00.000Z',
          tags: index === 7 ? [{ name: '1', push_time: '2024-06-06T13:33:00.000Z' }] : null,
        })),
      },
      { body: [{ digest: B, tags: [{ name: '2' }, { name: 'latest' }] }] },
    ],
    urls: [1, 2].map(
      (page) => `/api/v2.0/projects/acme/repositories/team%252Fapp/artifacts?with_tag=true&page_size=100&page=${page}`,
    ),
    expected: [
      { tag: '1', digest: A, pushedAt: at('2024-06-06T13:33:00Z') },
      { tag: '2', digest: B },
      { tag: 'latest', digest: B },
    ],
  },
  acr: {
    answers: [
      {
        body: {
          registry: 'acme.azurecr.io',
          imageName: 'acme/app',
          tags: [
            { name: '1', digest: A, createdTime: '2018-09-06T06:17:21.08Z', lastUpdateTime: '2019-09-06T06:17:21Z' },
          ],
        },
        link: '</acr/v1/acme/app/_tags?last=1&n=1000&orderby=>; rel="next"',
      },
      { body: { registry: 'acme.azurecr.io', imageName: 'acme/app', tags: [{ name: '2', digest: B }] } },
    ],
    urls: ['/acr/v1/acme/app/_tags?n=1000', '/acr/v1/acme/app/_tags?last=1&n=1000&orderby='],
    expected: [
      { tag: '1', digest: A, pushedAt: at('2019-09-06T06:17:21Z') },
      { tag: '2', digest: B },
    ],
  },
  gitlab: {
    answers: [
      {
        body: [
          {
            name: '1',
            digest: A,
            media_type: 'x',
            size_bytes: 1,
            created_at: '2022-06-07T12:11:13.6Z',
            published_at: '2024-06-06T13:33:00Z',
          },
        ],
        link: '</gitlab/v1/repositories/acme/app/tags/list/?last=1&n=1000>; rel="next"',
      },
      { body: [{ name: '2', digest: B, created_at: '2022-06-07T12:11:13Z' }] },
    ],
    urls: [
      '/gitlab/v1/repositories/acme/app/tags/list/?n=1000',
      '/gitlab/v1/repositories/acme/app/tags/list/?last=1&n=1000',
    ],
    expected: [
      { tag: '1', digest: A, pushedAt: at('2024-06-06T13:33:00Z') },
      { tag: '2', digest: B, pushedAt: at('2022-06-07T12:11:13Z') },
    ],
  },
  'docker-hub': {
    repository: 'library/alpine',
    answers: [
      {
        body: {
          count: 2,
          next: 'https://hub.docker.com/v2/namespaces/library/repositories/alpine/tags?page=2&page_size=100',
          previous: null,
          results: [{ name: '1', digest: A, tag_last_pushed: '2024-06-06T13:33:00Z', images: [] }],
        },
      },
      { body: { count: 2, next: null, previous: null, results: [{ name: '2', digest: B }] } },
    ],
    urls: [
      'https://hub.docker.com/v2/namespaces/library/repositories/alpine/tags?page_size=100',
      'https://hub.docker.com/v2/namespaces/library/repositories/alpine/tags?page=2&page_size=100',
    ],
    expected: [
      { tag: '1', digest: A, pushedAt: at('2024-06-06T13:33:00Z') },
      { tag: '2', digest: B },
    ],
  },
};

describe.each(Object.entries(PAGES))('the bulk listing of %s', (kind, { repository, answers, urls, expected }) => {
  it('gives every tag of every page with its digest', async () => {
    const port = portOf(kind, answers);
    expect(await list(kind, port, repository)).toEqual(expected);
    expect(port.urls).toEqual(urls);
    expect(port.requests.every(({ method, action }) => method === 'GET' && action === 'list')).toBe(true);
  });

  it('ends as unsupported where the login is not let in', async () => {
    for (const code of ['unauthorized', 'denied', 'not-found', 'unsupported'] as const) {
      const port = portOf(kind, [new TransshipError(code, 'refused')]);
      await expect(list(kind, port, repository)).rejects.toMatchObject({ code: 'unsupported', cause: { code } });
    }
  });

  it('hands other failures on as they are', async () => {
    const failure = new TransshipError('registry-unavailable', 'down', { retryable: true });
    await expect(list(kind, portOf(kind, [failure]), repository)).rejects.toBe(failure);
  });

  it.each(['x', 17, null, { tags: 'x' }, { results: [1] }, [1], { manifest: [] }, '<html>'])(
    'refuses a page that is %j',
    async (body) => {
      await expect(list(kind, portOf(kind, [{ body }]), repository)).rejects.toMatchObject({
        code: 'invalid-response',
      });
    },
  );

  it('hands the signal on', async () => {
    const { signal } = new AbortController();
    const port = portOf(kind, answers);
    await list(kind, port, repository, signal);
    expect(port.requests.map((request) => request.signal)).toEqual(urls.map(() => signal));
  });
});

function quayPage(tags: unknown[], hasMore = false): Answer {
  return { body: { has_additional: hasMore, tags } };
}

describe('a bulk listing', () => {
  it.each([
    'sha256:../../etc',
    `sha256:${'A'.repeat(64)}`,
    'sha256:abc',
    `md5:${'a'.repeat(32)}`,
    17,
    { toString: 'x' },
    `${A}\n`,
  ])('refuses the digest %j', async (digest) => {
    const port = portOf('quay', [quayPage([{ name: '1', manifest_digest: digest }])]);
    await expect(list('quay', port)).rejects.toMatchObject({ code: 'invalid-response' });
  });

  it.each(['', '.x', 'a/b', 'a b', 'x'.repeat(129), null, 1])('refuses the tag %j', async (name) => {
    const port = portOf('quay', [quayPage([{ name, manifest_digest: A }])]);
    await expect(list('quay', port)).rejects.toMatchObject({ code: 'invalid-response' });
  });

  it.each([undefined, null, ''])('gives way to single look-ups where a tag has the digest %j', async (digest) => {
    const port = portOf('docker-hub', [{ body: { results: [{ name: 'old', digest }], next: null } }]);
    await expect(list('docker-hub', port)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('gives way to single look-ups where the list of manifests is shorter than that of the tags', async () => {
    const port = portOf('artifact-registry', [{ body: { tags: ['1', '2'], manifest: { [A]: { tag: ['1'] } } } }]);
    await expect(list('artifact-registry', port)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('leaves out a time that cannot be read', async () => {
    const port = portOf('gitlab', [{ body: [{ name: '1', digest: A, published_at: 'yesterday' }] }]);
    expect(await list('gitlab', port)).toEqual([{ tag: '1', digest: A }]);
  });

  it('gives a tag once when a push moves it to the next page', async () => {
    const [one, two] = ['1', '2'].map((name) => ({ name, manifest_digest: A }));
    const port = portOf('quay', [quayPage([one], true), quayPage([one, two])]);
    expect((await list('quay', port)).map(({ tag }) => tag)).toEqual(['1', '2']);
  });

  it('ends with an error where the same page comes again and again', async () => {
    const port = portOf('quay', [quayPage([{ name: '1', manifest_digest: A }], true)]);
    await expect(list('quay', port)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(port.requests).toHaveLength(2);
  });

  it('ends with an error where the pages go in a circle', async () => {
    const link = '</acr/v1/acme/app/_tags?n=1000>; rel="next"';
    const port = portOf('acr', [{ body: { tags: [{ name: '1', digest: A }] }, link }]);
    await expect(list('acr', port)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(port.requests).toHaveLength(1);
  });

  it('ends with an error where the pages never end', async () => {
    const port = portOf('quay', []);
    let tags = 0;
    const endless: RegistryPort = {
      ...port,
      send: async ({ target }) => {
        tags += 1;
        const page = { has_additional: true, tags: [{ name: `t${tags}`, manifest_digest: A }] };
        return responseOf(new URL(target, 'https://r.example.com'), page, undefined);
      },
    };
    await expect(list('quay', endless)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(tags).toBe(10_000);
  });

  it.each<[string, Answer]>([
    ['acr', { body: { tags: [] }, link: '<https://evil.example.com/acr/v1/x/_tags>; rel="next"' }],
    ['gitlab', { body: [], link: '<http://r.example.com/gitlab/v1/x>; rel="next"' }],
    ['docker-hub', { body: { results: [], next: 'https://evil.example.com/v2/' } }],
    ['docker-hub', { body: { results: [], next: 'http://hub.docker.com/v2/' } }],
    ['docker-hub', { body: { results: [], next: 'https://user@hub.docker.com/v2/' } }],
    ['docker-hub', { body: { results: [], next: 'https://' } }],
  ])('of %s does not follow a next page to another origin', async (kind, answer) => {
    const port = portOf(kind, [answer]);
    await expect(list(kind, port)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(port.requests).toHaveLength(1);
  });

  it('asks Docker Hub and the interfaces beside a registry for no token in advance', async () => {
    for (const kind of ['docker-hub', 'quay', 'harbor']) {
      const port = portOf(kind, PAGES[kind]?.answers ?? []);
      await list(kind, port, 'library/alpine');
      expect(port.requests.map(({ scopes }) => scopes)).not.toContainEqual(expect.anything());
    }
  });

  it('is offered only where it can be had safely', () => {
    const kinds = [
      'docker-hub',
      'ghcr',
      'quay',
      'harbor',
      'gitlab',
      'ecr',
      'ecr-public',
      'artifact-registry',
      'acr',
      'artifactory',
    ];
    const offered = kinds.filter((kind) => vendorOf('r.example.com', kind).listTagDigests !== undefined);
    expect(offered).toEqual(['docker-hub', 'quay', 'harbor', 'gitlab', 'artifact-registry', 'acr']);
  });
});
