// Blobs in memory that is used again, between registries whose connections are cut into pieces, slowed and broken at random points:
// no target ever gets a byte that is not the source's. What is used again is overwritten, so that a use too early shows.
import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { createBufferPool } from '../../../shared/oci/http/buffer-pool.ts';
import type { BufferPool } from '../../../shared/oci/http/buffer-pool.ts';
import { runCopy } from '../../support/copy-run.ts';
import { plantImage } from '../../support/planted-image.ts';
import { flawsBelowTags, tagAt } from '../../support/whole-tags.ts';

/** Of one connection: how large the pieces are that it passes on, after which of them it rests, and where it breaks. */
type Weather = { pieceBytes: number; restEvery: number; breakAfterBytes: number | undefined };

/** A pool that overwrites memory as soon as nobody holds it. */
function poisoned(): BufferPool & { readonly reused: number } {
  const pool = createBufferPool();
  const holders = new Map<ArrayBufferLike, number>();
  let reused = 0;
  const count = ({ buffer }: Uint8Array, change: number): void => {
    const before = holders.get(buffer);
    if (before === undefined || before === 0) return;
    holders.set(buffer, before + change);
    if (before + change === 0) new Uint8Array(buffer).fill(0xdb);
  };
  return {
    take() {
      const taken = pool.take();
      if (holders.has(taken.buffer)) reused += 1;
      holders.set(taken.buffer, 1);
      return taken;
    },
    hold(part) {
      pool.hold(part);
      count(part, 1);
    },
    release(part) {
      count(part, -1);
      pool.release(part);
    },
    get reused() {
      return reused;
    },
  };
}

/** Stands before a registry; the weather of each connection is the next of the list, and fine behind its end. */
async function startWeather(behind: { host: string }, way: 'down' | 'up', forecast: readonly Weather[]) {
  const [host = '', port = ''] = behind.host.split(':');
  const coming = [...forecast];
  const open = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), host);
    const weather = coming.shift();
    for (const socket of [near, far]) open.add(socket.on('error', () => undefined));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroySoon());
    const [from, to] = way === 'down' ? [far, near] : [near, far];
    to.pipe(from);
    void passOn(from, to, weather).catch(() => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function passOn(from: net.Socket, to: net.Socket, weather: Weather | undefined): Promise<void> {
  const {
    pieceBytes,
    restEvery,
    breakAfterBytes = Number.POSITIVE_INFINITY,
  } = weather ?? { pieceBytes: 65_536, restEvery: 1e9 };
  let passed = 0;
  let pieces = 0;
  for await (const chunk of from as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      passed += piece.byteLength;
      pieces += 1;
      if (passed > breakAfterBytes) {
        // What came until here arrives: the other side has it in hand when the connection breaks.
        to.destroySoon();
        from.destroy();
        return;
      }
      if (!to.write(piece)) await once(to, 'drain');
      if (pieces % restEvery === 0) await new Promise(setImmediate);
    }
  }
  to.end();
}

const weather = fc.record({
  pieceBytes: fc.integer({ min: 500, max: 100_000 }),
  restEvery: fc.integer({ min: 1, max: 20 }),
  breakAfterBytes: fc.option(fc.integer({ min: 1, max: 900_000 }), { nil: undefined }),
});

test('several targets of different speed get the bytes of the source, whatever breaks', async () => {
  let reused = 0;
  let copied = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 1_200_000 }), { minLength: 1, maxLength: 4 }),
      fc.array(weather, { maxLength: 6 }),
      fc.array(fc.array(weather, { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      async (layerSizes, above, below) => {
        await using source = await startRegistry();
        await using down = await startWeather(source, 'down', above);
        await using stack = new AsyncDisposableStack();
        const targets = await Promise.all(below.map(() => startRegistry()));
        for (const target of targets) stack.use(target);
        const ups = await Promise.all(targets.map((target, at) => startWeather(target, 'up', below[at] ?? [])));
        for (const up of ups) stack.use(up);
        const { digest } = await plantImage(source, 'team/app', { tag: '1', layerSizes });
        const buffers = poisoned();
        const run = await runCopy(
          `${down.host}/team/app:1`,
          ups.map(({ host }) => `${host}/mirror/app:1`),
          {
            registries: { timeouts: { connectMs: 5_000, responseMs: 5_000, commitMs: 5_000, stallMs: 5_000 } },
            session: (session) => ({ ...session, buffers, patienceMs: 50 }),
          },
        );
        reused += buffers.reused;
        for (const [at, target] of targets.entries()) {
          // A registry that was sent wrong bytes says so; one that was sent too few was cut off.
          expect(target.requests.filter(({ status }) => status === 400)).toEqual([]);
          expect(await flawsBelowTags(target)).toEqual([]);
          const isCopied = run.report?.targets[at]?.state === 'copied';
          expect(isCopied ? tagAt(target, 'mirror/app', '1') : digest).toBe(digest);
          copied += Number(isCopied);
        }
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
  expect(reused).toBeGreaterThan(0);
  expect(copied).toBeGreaterThan(0);
}, 60_000);
