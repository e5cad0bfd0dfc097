// The history of a job over connections that break: nothing is told twice, nothing is left out, and it ends.
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { followJob, type HistoryLine } from '../../../infra/cli/server/follow-job.ts';
import { httpWire } from '../../../infra/cli/server/http-wire.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';

let server: BareServer | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

/** Answers one request after the other as the test says; `asked` tells where each wants to go on. */
async function answers(
  ...each: ((response: ServerResponse) => unknown)[]
): Promise<{ url: URL; asked: () => unknown[] }> {
  server = await startBareServer((_request, response) =>
    (each.shift() ?? ((one: ServerResponse) => one.writeHead(204).end()))(response),
  );
  const { url, requests } = server;
  return { url: new URL(`${url}/base/`), asked: () => requests.map(({ headers }) => headers['last-event-id']) };
}

async function follow(url: URL, signal = new AbortController().signal, firstWaitMs = 1): Promise<HistoryLine[]> {
  const lines: HistoryLine[] = [];
  for await (const line of followJob({ wire: httpWire({ url }), signal }, 'a job', firstWaitMs)) lines.push(line);
  return lines;
}

const event = (id: number, data = '{"at":"2026-11-21T12:00:00.000Z","data":{"source":"ä"}}') =>
  `id: ${id}\nevent: progress\ndata: ${data}\n\n`;
const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });

describe('following a job', () => {
  test('goes on behind the last event when a connection ends or breaks', async () => {
    const { url, asked } = await answers(
      (response) => stream(response).end(`retry: 2000\n\n${event(1)}: still here\n\n${event(2)}`),
      (response) => stream(response).write(event(3) + event(4).slice(0, 20), () => response.destroy()),
      (response) => stream(response).end(event(4)),
    );
    const lines = await follow(url);
    expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(lines[0]).toEqual({ sequence: 1, type: 'progress', at: '2026-11-21T12:00:00.000Z', data: { source: 'ä' } });
    expect(asked()).toEqual(['0', '2', '3', '4']);
  });

  test('reads what comes byte by byte', async () => {
    const { url } = await answers((response) => {
      stream(response);
      for (const byte of Buffer.from(event(1))) response.write(Buffer.of(byte));
      response.end();
    });
    expect(await follow(url)).toMatchObject([{ data: { source: 'ä' } }]);
  });

  test('does not ask for ever where there is nothing more to hear', async () => {
    const silent = (response: ServerResponse): void => void stream(response).end();
    const { url, asked } = await answers(
      (response) => stream(response).end(event(1)),
      ...Array.from({ length: 50 }, () => silent),
    );
    expect(await follow(url)).toHaveLength(1);
    expect(asked().length).toBeLessThan(10);
  });

  test('waits before it tries again, longer each time, and not after an end that may be the last', async () => {
    const { url } = await answers(
      (response) => stream(response).end(event(1)),
      (response) => stream(response).write(event(2), () => response.destroy()),
      (response) => response.destroy(),
      (response) => response.destroy(),
    );
    const startedAt = performance.now();
    await expect(follow(url)).resolves.toHaveLength(2);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await server?.[Symbol.asyncDispose]();
    const again = await answers(
      (response) => stream(response).write(event(2), () => response.destroy()),
      (response) => response.destroy(),
      (response) => response.destroy(),
    );
    const beganAt = performance.now();
    await expect(follow(again.url, undefined, 100)).resolves.toHaveLength(1);
    expect(performance.now() - beganAt).toBeGreaterThan(100 + 200 + 400 - 10);
  });

  test('ends at once when it is told to while it waits', async () => {
    const stop = new AbortController();
    const { url } = await answers((response) =>
      stream(response).write(event(1), () => {
        response.destroy();
        setTimeout(() => stop.abort(new Error('enough')), 50);
      }),
    );
    await expect(follow(url, stop.signal, 60_000)).rejects.toThrow('enough');
  });

  test('ends with what the server says is wrong', async () => {
    const problem = { status: 404, code: 'not-found', detail: 'there is no such job' };
    const { url } = await answers((response) =>
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
    );
    await expect(follow(url)).rejects.toMatchObject({ code: 'not-found', message: 'there is no such job' });
  });

  test('ends when it is told to', async () => {
    const stop = new AbortController();
    const { url } = await answers(
      (response) => void stream(response).write(event(1), () => stop.abort(new Error('enough'))),
    );
    await expect(follow(url, stop.signal)).rejects.toThrow('enough');
  });

  test('of a server that is none of ours says so', async () => {
    const { url } = await answers((response) => response.writeHead(502).end('<html>'));
    await expect(follow(url)).rejects.toMatchObject({
      code: 'server-error',
      message: expect.stringContaining('502') as string,
    });
  });
});
