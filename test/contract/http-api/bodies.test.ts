// Which bodies are read at all: of somebody without the credential of a receiver none, and none is kept in memory.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REMOTE, configOf, CONFIG, HOOK_SECRET, openApiBed, type ApiBed } from '../../support/http-api/api-bed.ts';
import type { ManualClock } from '../../support/jobs/manual-clock.ts';

const KIB = 1024;
const CHUNKS = 64;
const SIGNED = { 'x-gitea-signature': 'a'.repeat(64) };

let bed: ApiBed<ManualClock>;
beforeAll(async () => {
  const receivers =
    'receivers:\n  - { id: git, kind: gitea, registry: src.example.com, auth: { mode: hmac, secrets: [{ env: HOOK }] } }\n';
  bed = await openApiBed({}, configOf(CONFIG.replace('receivers:\n', receivers)));
});
afterAll(() => bed.close());

/** The status, and how many chunks of the body were taken. */
async function push(path: string, headers: Record<string, string>) {
  let taken = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        taken += 1;
        controller.enqueue(new Uint8Array(16 * KIB));
        if (taken === CHUNKS) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const type = { 'content-type': 'application/json' };
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { ...type, ...headers },
    body,
    duplex: 'half',
  });
  const { status } = await bed.app.fetch(request, { peer: REMOTE });
  return { status, taken };
}

it.each([
  ['a receiver that is none', '/hooks/zot/nobody', {}],
  ['a receiver that is none, with a credential', '/hooks/zot/nobody', { authorization: 'x' }],
  ['a wrong header', '/hooks/distribution/src', { authorization: 'wrong' }],
  ['no header', '/hooks/distribution/src', {}],
  ['a wrong token in the path', '/hooks/docker-hub/hub/wrong', {}],
  ['a missing token in the path', '/hooks/docker-hub/hub', {}],
  ['no signature', '/hooks/gitea/git', {}],
  ['something that is no signature', '/hooks/gitea/git', { 'x-gitea-signature': 'abc' }],
  ['a kind that is none', '/hooks/none/nobody', {}],
])('reads nothing of a body with %s', async (_, path, headers) => {
  const { status, taken } = await push(path, headers);
  expect({ status, taken }).toEqual({ status: path.startsWith('/hooks/none') ? 404 : 401, taken: 0 });
});

it('hears a signed body out whether the receiver is there or not, so that the two look the same', async () => {
  const known = await push('/hooks/gitea/git', SIGNED);
  expect(known).toEqual({ status: 401, taken: CHUNKS });
  expect(await push('/hooks/gitea/nobody', SIGNED)).toEqual(known);
});

it('reads the body of a sender with the right credential', async () => {
  const { status, taken } = await push('/hooks/distribution/src', { authorization: HOOK_SECRET });
  expect({ status, taken }).toEqual({ status: 200, taken: CHUNKS });
});
