// Lists in pages and watches against an API server that forgets, cuts off, stalls and sends garbage: nothing is lost, nothing told twice.
import type http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listPages } from '../../../shared/cluster/list-pages.ts';
import { listNamespaces } from '../../../shared/cluster/namespaces.ts';
import { watchResources, type ResourceChange, type WatchRequest } from '../../../shared/cluster/watch-resources.ts';
import { messageOf } from '../../../shared/errors.ts';
import {
  answerJson,
  eventLine,
  listOf,
  namespaceObject,
  startBareApiServer,
  statusOf,
  type BareApiServer,
} from '../../support/bare-api-server.ts';

const EXPIRED = statusOf(410, 'Expired', 'The provided continue parameter is too old');
const names = (count: number): string[] =>
  Array.from({ length: count }, (_value, index) => `ns-${String(index).padStart(4, '0')}`);

/** Answers a list in pages; continue tokens are offsets. */
function answerPage({ url = '' }: http.IncomingMessage, response: http.ServerResponse, all: readonly string[]): void {
  const query = new URL(url, 'http://x').searchParams;
  const [from, limit] = [Number(query.get('continue') ?? 0), Number(query.get('limit'))];
  const items = all.slice(from, from + limit).map((name) => namespaceObject(name));
  const rest = from + limit < all.length ? { continue: String(from + limit) } : {};
  answerJson(response, 200, listOf(items, rest));
}

async function namesIn(pages: AsyncIterable<readonly { name: string }[]>): Promise<string[]> {
  const read = await Array.fromAsync(pages);
  return read.flat().map(({ name }) => name);
}

describe('a list', () => {
  it('is read in pages of 500', async () => {
    await using api = await startBareApiServer((request, response) => answerPage(request, response, names(1200)));
    expect(await namesIn(listNamespaces(api.cluster))).toEqual(names(1200));
    expect(api.requests.map(({ path }) => path)).toEqual([
      '/api/v1/namespaces?limit=500',
      '/api/v1/namespaces?limit=500&continue=500',
      '/api/v1/namespaces?limit=500&continue=1000',
    ]);
    expect(api.requests[0]?.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  it('goes on behind the last name where another run ended', async () => {
    await using api = await startBareApiServer((request, response) => answerPage(request, response, names(20)));
    expect(await namesIn(listNamespaces(api.cluster, { after: 'ns-0016' }))).toEqual(['ns-0017', 'ns-0018', 'ns-0019']);
  });

  it('begins anew where the server has forgotten it, and tells nothing twice', async () => {
    await using api = await startBareApiServer((request, response, count) =>
      count === 3 ? answerJson(response, 410, EXPIRED) : answerPage(request, response, names(25)),
    );
    const pages = await Array.fromAsync(listPages(api.cluster, { path: '/api/v1/namespaces', pageSize: 10 }));
    const told = pages.flatMap(({ items }) => items.map(({ metadata }) => metadata));
    expect(told.map((metadata) => (metadata as { name: string }).name)).toEqual(names(25));
    expect(pages.at(-1)?.lastPlace).toBe('ns-0024');
    expect(api.requests).toHaveLength(6);
  });

  it('is given up where it expires again and again', async () => {
    await using api = await startBareApiServer((request, response) =>
      request.url?.includes('continue') === true
        ? answerJson(response, 410, EXPIRED)
        : answerPage(request, response, names(25)),
    );
    const all = Array.fromAsync(listPages(api.cluster, { path: '/api/v1/namespaces', pageSize: 10 }));
    await expect(all).rejects.toMatchObject({ code: 'list-expired', retryable: true });
    expect(api.requests).toHaveLength(8);
  });
});

describe('a watch', () => {
  const ended: AbortController[] = [];
  afterEach(() => {
    for (const one of ended.splice(0)) one.abort();
  });

  /** What it told, in short, until that is as it should be. */
  async function told(
    { cluster }: BareApiServer,
    wanted: readonly string[],
    options: Partial<WatchRequest> = {},
  ): Promise<string[]> {
    const controller = new AbortController();
    ended.push(controller);
    const backoff = { firstDelayMs: 1, longestDelayMs: 2 };
    const request = { path: '/api/v1/namespaces', signal: controller.signal, backoff, ...options };
    const seen: string[] = [];
    for await (const change of watchResources(cluster, request)) {
      seen.push(inShort(change));
      if (seen.length === wanted.length) controller.abort();
    }
    return seen;
  }

  const isWatch = ({ url = '' }: http.IncomingMessage): boolean => url.includes('watch=true');
  const begin = (response: http.ServerResponse, ...lines: string[]): http.ServerResponse => {
    response.writeHead(200, { 'content-type': 'application/json' }).write(lines.join(''));
    return response;
  };

  it('tells what is there, then what changes', async () => {
    await using api = await startBareApiServer((request, response) => {
      if (!isWatch(request)) return answerPage(request, response, ['a', 'b']);
      return begin(
        response,
        eventLine('ADDED', namespaceObject('c', 101)),
        eventLine('MODIFIED', namespaceObject('a', 102)),
        eventLine('BOOKMARK', { kind: 'Namespace', metadata: { resourceVersion: '103' } }),
        eventLine('DELETED', namespaceObject('b', 104)),
      );
    });
    const wanted = ['added a 1', 'added b 1', 'listed', 'added c 101', 'changed a 102', 'removed b'];
    expect(await told(api, wanted)).toEqual(wanted);
    expect(api.requests[1]?.path).toMatch(
      /resourceVersion=100&allowWatchBookmarks=true&timeoutSeconds=\d+&watch=true$/,
    );
  });

  it.each([
    ['is ended by the server', (response) => response.end()],
    [
      'is cut off in the middle of an event',
      (response) => response.write('{"type":"ADDED","obj', () => response.destroy()),
    ],
    ['sends garbage', (response) => response.end('<html>\n')],
  ] satisfies [string, (response: http.ServerResponse) => unknown][])(
    'goes on from the last version that it told where it %s',
    async (_name, fail) => {
      let watches = 0;
      await using api = await startBareApiServer((request, response) => {
        if (!isWatch(request)) return answerPage(request, response, ['a']);
        const bookmark = eventLine('BOOKMARK', { kind: 'Namespace', metadata: { resourceVersion: '150' } });
        if (++watches === 1) return fail(begin(response, eventLine('ADDED', namespaceObject('b', 101)), bookmark));
        return begin(response, eventLine('ADDED', namespaceObject('c', 151)));
      });
      const wanted = ['added a 1', 'listed', 'added b 101', 'added c 151'];
      expect(await told(api, wanted)).toEqual(wanted);
      expect(api.requests[2]?.path).toContain('resourceVersion=150');
    },
  );

  it('lists again where the server has forgotten its version, and tells only what is new', async () => {
    const there = ['a', 'b'];
    await using api = await startBareApiServer((request, response, count) => {
      if (!isWatch(request)) return answerPage(request, response, there);
      if (count > 2) return begin(response);
      there.splice(0, 2, 'b', 'c');
      return begin(response, eventLine('ERROR', statusOf(410, 'Expired', 'too old resource version')));
    });
    const wanted = ['added a 1', 'added b 1', 'listed', 'added c 1', 'removed a', 'listed'];
    expect(await told(api, wanted)).toEqual(wanted);
  });

  it('lists again where the watch is refused as too old', async () => {
    await using api = await startBareApiServer((request, response, count) => {
      if (!isWatch(request)) return answerPage(request, response, ['a']);
      return count === 2 ? answerJson(response, 410, EXPIRED) : begin(response);
    });
    const wanted = ['added a 1', 'listed', 'listed'];
    expect(await told(api, wanted)).toEqual(wanted);
  });

  it('finds by its resync what a silent watch has lost', async () => {
    const there = ['a'];
    await using api = await startBareApiServer((request, response) => {
      if (!isWatch(request)) return answerPage(request, response, there);
      there.splice(0, 1, 'b');
      // like a server, it ends the watch when its time is over
      const seconds = Number(new URL(request.url ?? '', 'http://x').searchParams.get('timeoutSeconds'));
      setTimeout(() => response.end(), seconds * 1000);
      return begin(response);
    });
    const wanted = ['added a 1', 'listed', 'added b 1', 'removed a', 'listed'];
    expect(await told(api, wanted, { resyncMs: 500 })).toEqual(wanted);
  });

  it('does not wait for a server that neither tells anything nor ends the watch', async () => {
    const there = ['a'];
    await using api = await startBareApiServer(
      (request, response) => {
        if (!isWatch(request)) return answerPage(request, response, there);
        there.splice(0, 1, 'b');
        return begin(response);
      },
      { limits: { stallMs: 100 } },
    );
    const wanted = ['added a 1', 'listed', 'added b 1', 'removed a', 'listed'];
    expect(await told(api, wanted, { resyncMs: 500 })).toEqual(wanted);
  });

  it('tells one that was made anew as another', async () => {
    const anew = { ...namespaceObject('a'), metadata: { name: 'a', uid: 'other', resourceVersion: '7' } };
    await using api = await startBareApiServer((request, response) => {
      if (!isWatch(request)) return answerPage(request, response, ['a']);
      return begin(response, eventLine('MODIFIED', anew));
    });
    const wanted = ['added a 1', 'listed', 'removed a', 'added a 7'];
    expect(await told(api, wanted)).toEqual(wanted);
  });

  it('tells its trouble and goes on, also where it was refused', async () => {
    const troubles: string[] = [];
    await using api = await startBareApiServer((request, response, count) => {
      if (count <= 2) return answerJson(response, 403, statusOf(403, 'Forbidden', 'no'));
      return isWatch(request) ? begin(response) : answerPage(request, response, ['a']);
    });
    const wanted = ['added a 1', 'listed'];
    const onTrouble = (error: unknown): void => void troubles.push(messageOf(error));
    expect(await told(api, wanted, { onTrouble })).toEqual(wanted);
    expect(troubles).toEqual(Array(2).fill('cluster bare: list namespaces failed: 403 Forbidden: no'));
  });

  it('ends at once when its signal says so', async () => {
    const controller = new AbortController();
    await using api = await startBareApiServer((request, response) =>
      isWatch(request) ? controller.abort() : answerPage(request, response, []),
    );
    const all = Array.fromAsync(watchResources(api.cluster, { path: '/api/v1/namespaces', signal: controller.signal }));
    expect((await all).map(inShort)).toEqual(['listed']);
  });
});

function inShort(change: ResourceChange): string {
  if (change.kind === 'listed') return 'listed';
  if (change.kind === 'removed') return `removed ${change.name}`;
  const { name, resourceVersion } = change.object['metadata'] as { name: string; resourceVersion: string };
  return `${change.kind} ${name} ${resourceVersion}`;
}
