// The bodies of requests: what arrives counts, what is only announced does not, and what is done with is given back.
import { expect, it } from 'vitest';
import { createBodyBudget } from '../../../functions/http-api/body-budget.ts';
import { Refusal } from '../../../functions/http-api/problem.ts';
import { passBytes, withBytes } from '../../../functions/http-api/read-bytes.ts';

const KIB = 1024;

/** A request whose body comes when the test sends it. */
function slowRequest(headers: Record<string, string> = {}) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const request = new Request('http://localhost/', { method: 'POST', headers, body: readable, duplex: 'half' });
  return { request, send: (sizeBytes: number) => writer.write(new Uint8Array(sizeBytes)), end: () => writer.close() };
}

async function statusOf(work: Promise<unknown>): Promise<number | undefined> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Refusal ? error.problem.status : undefined;
}

const lengthOf = (bytes: Uint8Array | undefined) => Promise.resolve(bytes?.byteLength);

it('counts what has arrived and not what was announced, and gives it back when the work is done', async () => {
  const budget = createBodyBudget(100 * KIB);
  const limits = { limitBytes: 80 * KIB, budget };
  const announcing = slowRequest({ 'content-length': String(80 * KIB) });
  const waiting = withBytes(announcing.request, limits, lengthOf);
  const first = slowRequest();
  const { promise: hold, resolve: letGo } = Promise.withResolvers<number>();
  const done = withBytes(first.request, limits, () => hold);
  await first.send(80 * KIB);
  await first.end();
  const second = slowRequest();
  const refused = statusOf(withBytes(second.request, limits, lengthOf));
  await second.send(80 * KIB).catch(() => undefined);
  expect(await refused).toBe(503);
  letGo(1);
  await done;
  await announcing.send(80 * KIB);
  await announcing.end();
  expect(await waiting).toBe(80 * KIB);
});

it('is back at its whole budget after bodies that were too large, cut off, or badly worked on', async () => {
  const budget = createBodyBudget(64 * KIB);
  const limits = { limitBytes: 64 * KIB, budget };
  const body = () => new Uint8Array(64 * KIB).fill(7);
  const post = (bytes: Uint8Array<ArrayBuffer>) => new Request('http://localhost/', { method: 'POST', body: bytes });
  for (let round = 0; round < 3; round += 1) {
    expect(await withBytes(post(new Uint8Array(65 * KIB)), limits, lengthOf)).toBeUndefined();
    await expect(withBytes(post(body()), limits, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const cut = slowRequest();
    const told = statusOf(withBytes(cut.request, limits, lengthOf));
    await cut.send(40 * KIB);
    await cut.request.body?.cancel().catch(() => undefined);
    void cut.end().catch(() => undefined);
    await told;
    expect(await withBytes(post(body()), limits, async (bytes) => Buffer.compare(bytes ?? body(), body()))).toBe(0);
  }
});

it('puts chunks of any size together', async () => {
  const chunks = [1, 16 * KIB, 3, 40 * KIB, 1].map((sizeBytes, index) => new Uint8Array(sizeBytes).fill(index));
  const body = ReadableStream.from(chunks);
  const request = new Request('http://localhost/', { method: 'POST', body, duplex: 'half' });
  const limits = { limitBytes: 100 * KIB, budget: createBodyBudget(100 * KIB) };
  const whole = await withBytes(request, limits, async (bytes) => bytes && Buffer.from(bytes));
  expect(Buffer.concat(chunks).equals(whole ?? Buffer.of())).toBe(true);
});

it('lets a body pass that nobody keeps, however many there are', async () => {
  const limits = { limitBytes: 64 * KIB, budget: createBodyBudget(64 * KIB) };
  const requests = Array.from({ length: 20 }, () => slowRequest());
  let heardBytes = 0;
  const passing = requests.map(({ request }) =>
    passBytes(request, limits, (chunk) => (heardBytes += chunk.byteLength)),
  );
  await Promise.all(requests.map(({ send }) => send(60 * KIB)));
  await Promise.all(requests.map(({ end }) => end()));
  expect(await Promise.all(passing)).toEqual(requests.map(() => true));
  expect(heardBytes).toBe(20 * 60 * KIB);
});
