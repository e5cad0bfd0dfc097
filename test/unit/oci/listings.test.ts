// Lists in pages, of tags and referrers: followed to their end, never in a circle, never elsewhere; and warnings on the way.
import { afterEach, describe, expect, test } from 'vitest';
import { listReferrers } from '../../../shared/oci/referrers.ts';
import { listTags } from '../../../shared/oci/tags.ts';
import { unquoteWarning } from '../../../shared/oci/warning.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { namedClient, type NamedClient } from '../../support/named-client.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const DIGEST = `sha256:${'a'.repeat(64)}`;

const open: (NamedClient | BareServer)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await ('client' in one ? one.client.close() : one[Symbol.asyncDispose]());
});

type Page = { status?: number; link?: string; type?: string; body: string };

async function bed(answer: (path: string, count: number) => Page) {
  let count = 0;
  const server = await startBareServer((request, response) => {
    const { status = 200, link, type = 'application/json', body } = answer(request.url ?? '', (count += 1));
    return response.writeHead(status, { 'content-type': type, ...(link === undefined ? {} : { link }) }).end(body);
  });
  const warnings: string[] = [];
  const named = namedClient(`registry.example:${server.host.split(':')[1]}`, {
    runtime: { onWarning: ({ message }) => void warnings.push(message) },
  });
  open.push(named, server);
  return { repository: named.repository, server, warnings };
}

const pages =
  (...tags: string[][]) =>
  (path: string): Page => {
    const page = Number(new URL(path, 'http://x').searchParams.get('page') ?? 0);
    const more = page + 1 < tags.length;
    return {
      body: JSON.stringify({ name: 'team/app', tags: tags[page] ?? null }),
      ...(more ? { link: `</v2/team/app/tags/list?page=${page + 1}>; rel="next"` } : {}),
    };
  };

describe('tags', () => {
  test('come page by page; a short or empty page is not the end', async () => {
    const { repository, server } = await bed(pages(['a', 'b'], [], ['c']));
    expect(await Array.fromAsync(listTags(repository))).toEqual([['a', 'b'], [], ['c']]);
    expect(server.requests[0]?.path).toBe('/v2/team/app/tags/list?n=1000');
    // Artifactory answers 406 to the Accept header of manifests.
    expect(server.requests[0]?.headers.accept).toBeUndefined();
  });

  test('null means none, and so does a repository that is not there', async () => {
    const none = await bed(() => ({ body: '{"tags":null}' }));
    expect(await Array.fromAsync(listTags(none.repository))).toEqual([[]]);
    const absent = await bed(() => ({ status: 404, body: '' }));
    expect(await Array.fromAsync(listTags(absent.repository))).toEqual([]);
  });

  test('in a circle of pages are refused', async () => {
    const { repository, server } = await bed((_path, count) => ({
      body: '{"tags":["a"]}',
      link: `</v2/team/app/tags/list?page=${count % 3}>; rel="next"`,
    }));
    await expect(Array.fromAsync(listTags(repository))).rejects.toMatchObject({
      code: 'invalid-response',
      details: { repository: 'team/app', operation: 'list tags' },
    });
    expect(server.requests.length).toBeLessThanOrEqual(5);
  });

  test('a full page without a link is asked on after its last tag', async () => {
    const all = Array.from({ length: 2500 }, (_none, number) => `v${String(number).padStart(4, '0')}`);
    const { repository, server } = await bed((path) => {
      const query = new URL(path, 'http://x').searchParams;
      const start = all.indexOf(query.get('last') ?? '') + 1;
      return { body: JSON.stringify({ tags: all.slice(start, start + Number(query.get('n'))) }) };
    });
    expect((await Array.fromAsync(listTags(repository))).flat()).toEqual(all);
    expect(server.requests.map(({ path }) => new URL(path, 'http://x').searchParams.get('last'))).toEqual([
      null,
      'v0999',
      'v1999',
    ]);
  });

  test('a registry that knows no pages and gives all at once is asked once more, and each tag comes once', async () => {
    const all = Array.from({ length: 1200 }, (_none, number) => `v${number}`);
    const { repository, server } = await bed(() => ({ body: JSON.stringify({ tags: all }) }));
    expect(await Array.fromAsync(listTags(repository))).toEqual([all]);
    expect(server.requests).toHaveLength(2);
  });

  test('a list that is not full costs one request', async () => {
    const { repository, server } = await bed(() => ({ body: '{"tags":["a","b"]}' }));
    expect(await Array.fromAsync(listTags(repository))).toEqual([['a', 'b']]);
    expect(server.requests).toHaveLength(1);
  });

  test('a later page that is not there starts the list again, once, and each tag comes once', async () => {
    let lost = 1;
    const { repository } = await bed((path) => {
      if (path.includes('page=1') && lost > 0) {
        lost -= 1;
        return { status: 404, body: '' };
      }
      return pages(['a', 'b'], ['c'])(path);
    });
    expect((await Array.fromAsync(listTags(repository))).flat()).toEqual(['a', 'b', 'c']);
  });

  test('a later page that is not there for good is no end of the list', async () => {
    const { repository, server } = await bed((path) =>
      path.includes('page=1') ? { status: 404, body: '' } : pages(['a', 'b'], ['c'])(path),
    );
    await expect(Array.fromAsync(listTags(repository))).rejects.toMatchObject({
      code: 'invalid-response',
      message: expect.stringContaining('404'),
    });
    expect(server.requests).toHaveLength(4);
  });

  test('more than a million are refused', async () => {
    const { repository, server } = await bed((_path, count) => ({
      body: JSON.stringify({ tags: Array.from({ length: 150_000 }, (_none, number) => `v${count}-${number}`) }),
      link: `</v2/team/app/tags/list?page=${count}>; rel="next"`,
    }));
    let most = 0;
    const read = async () => {
      for await (const page of listTags(repository)) most += page.length;
    };
    await expect(read()).rejects.toMatchObject({
      code: 'invalid-response',
      message: expect.stringContaining('more than 1000000 tags'),
    });
    expect(most).toBeLessThanOrEqual(1_000_000);
    expect(server.requests.length).toBeLessThanOrEqual(7);
  }, 20_000);

  test.each([
    '../../victim/manifests/latest',
    'a/b',
    'a?x=1',
    'a#b',
    '%2e%2e',
    '..',
    '.hidden',
    '-option',
    '',
    'red\u001b[31m',
    'new\nline',
    `sha256:${'a'.repeat(64)}`,
    'a'.repeat(129),
  ])('with the name %j are refused', async (tag) => {
    const { repository } = await bed(() => ({ body: JSON.stringify({ tags: ['good', tag] }) }));
    const listed = Array.fromAsync(listTags(repository));
    await expect(listed).rejects.toMatchObject({ code: 'invalid-response', details: { repository: 'team/app' } });
    // oxlint-disable-next-line no-control-regex
    await expect(listed).rejects.toMatchObject({ message: expect.not.stringMatching(/[\u0000-\u001f]/) });
  });

  test.each(['[]', '{}', '{"tags":{}}', '{"tags":[1]}', 'no JSON', ''])('that come as %j are refused', async (body) => {
    const { repository } = await bed(() => ({ body }));
    await expect(Array.fromAsync(listTags(repository))).rejects.toMatchObject({
      code: 'invalid-response',
      details: { registry: expect.stringContaining('registry.example'), repository: 'team/app' },
    });
  });
});

describe('referrers', () => {
  const entry = (number: number) => ({
    mediaType: INDEX,
    digest: `sha256:${String(number).padStart(64, '0')}`,
    size: 5,
  });
  const list = (numbers: number[]) =>
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: numbers.map(entry) });

  test('come from all pages', async () => {
    const { repository } = await bed((_path, count) => ({
      type: INDEX,
      body: list([count]),
      ...(count < 3 ? { link: `<?page=${count}>; rel="next"` } : {}),
    }));
    const { referrers, byApi } = await listReferrers(repository, DIGEST);
    expect(byApi).toBe(true);
    expect(referrers.map(({ digest }) => digest)).toEqual([1, 2, 3].map((number) => entry(number).digest));
  });

  test.each([404, 400, 405])('a registry that answers %i is asked for the fallback tag', async (status) => {
    const { repository, server } = await bed((path) =>
      path.includes('/referrers/') ? { status, body: '' } : { type: INDEX, body: list([7]) },
    );
    const { referrers, byApi } = await listReferrers(repository, DIGEST);
    expect([byApi, referrers.length]).toEqual([false, 1]);
    expect(server.requests.at(-1)?.path).toBe(`/v2/team/app/manifests/sha256-${'a'.repeat(64)}`);
  });

  test('more than a thousand are refused', async () => {
    const { repository } = await bed((_path, count) => ({
      type: INDEX,
      body: list(Array.from({ length: 600 }, (_, index) => count * 1000 + index)),
      link: `<?page=${count}>; rel="next"`,
    }));
    await expect(listReferrers(repository, DIGEST)).rejects.toMatchObject({ code: 'invalid-response' });
  });

  test('in pages without an end are refused', async () => {
    const { repository, server } = await bed((_path, count) => ({
      type: INDEX,
      body: list([]),
      link: `<?page=${count}>; rel="next"`,
    }));
    await expect(listReferrers(repository, DIGEST)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(server.requests.length).toBeLessThanOrEqual(101);
  });
});

describe('a warning', () => {
  test.each([
    ['299 - "use another tag"', 'use another tag'],
    ['299 - "a \\"quoted\\" word"', 'a "quoted" word'],
    ['299 - "two\tparts"', 'two parts'],
    ['199 - "other code"', undefined],
    ['299 registry "named agent"', undefined],
    ['299 - ""', undefined],
    [undefined, undefined],
  ])('%j reads %j', (header, text) => {
    expect(unquoteWarning(header)).toBe(text);
  });

  test('is told once, and no more than a few', async () => {
    let count = 0;
    const server = await startBareServer((_request, response) => {
      count += 1;
      const text = count <= 3 ? 'the same' : `number ${count}`;
      return response.writeHead(200, { warning: `299 - "${text}"` }).end('{"tags":[]}');
    });
    const warnings: string[] = [];
    const named = namedClient(`registry.example:${server.host.split(':')[1]}`, {
      runtime: { onWarning: ({ message }) => void warnings.push(message) },
    });
    open.push(named, server);
    for (let times = 0; times < 40; times += 1) await Array.fromAsync(listTags(named.repository));
    expect(warnings).toHaveLength(20);
    expect(warnings.filter((text) => text === 'the same')).toHaveLength(1);
  });
});
