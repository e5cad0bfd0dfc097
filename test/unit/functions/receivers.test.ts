// Receivers at run time: whom the directory lets in, and that it tells nobody which receivers there are.
import { describe, expect, it } from 'vitest';
import type { ReceiverConfig } from '../../../functions/registry-push/receiver-of.ts';
import { openReceivers } from '../../../functions/registry-push/receivers.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { PUSH_SOURCES, isReceiverKind, receivePush } from '../../../shared/events/index.ts';
import { samplePush } from '../../../shared/events/sample-push.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { registryConfig } from '../../support/registry-config.ts';

const KEY = new Secret('master');
const AT = { id: 'one', occurredAt: '2026-11-21T12:00:00.000Z' };
const HARBOR: ReceiverConfig = {
  id: 'harbor',
  kind: 'harbor',
  registry: 'harbor.acme.io',
  auth: { mode: 'header', name: 'authorization', secrets: [{ env: 'OLD' }, { env: 'NEW' }] },
  untagged: 'ignore',
};
const HUB: ReceiverConfig = {
  id: 'hub',
  kind: 'docker-hub',
  registry: 'docker.io',
  auth: { mode: 'path', generation: 1 },
  untagged: 'sweep',
};

const resolveSecret = (reference: object) =>
  Promise.resolve(new Secret('env' in reference ? `secret-${String(reference.env)}` : ''));
const registries = [registryConfig({ host: 'harbor.acme.io', aliases: ['harbor.internal:8443'] })];
const open = () => openReceivers({ receivers: [HARBOR, HUB], registries }, { resolveSecret, masterKey: KEY });

/** Sends a sample push with a credential. */
async function send(
  kind: string,
  id: string,
  { secret = '', token, host }: { secret?: string; token?: string; host?: string },
) {
  if (!isReceiverKind(kind)) throw new Error(kind);
  const { headers, body } = samplePush(kind, new Secret(secret), { ...AT, ...(host === undefined ? {} : { host }) });
  const receiver = (await open()).find(kind, id, token);
  return receivePush(kind, { headers, rawBody: Buffer.from(body) }, receiver, { overHttp: true });
}

describe('the directory of receivers', () => {
  it.each(['secret-OLD', 'secret-NEW'])('lets in who has %s while two are valid', async (secret) => {
    const [event] = await send('harbor', 'harbor', { secret, host: 'harbor.acme.io' });
    expect(event).toMatchObject({ receiverId: 'harbor', registry: 'harbor.acme.io', relevant: true });
  });

  it('knows every name of the registry', async () => {
    const [event] = await send('harbor', 'harbor', { secret: 'secret-NEW', host: 'harbor.internal:8443' });
    expect(event).toMatchObject({ registry: 'harbor.acme.io', relevant: true });
    const [foreign] = await send('harbor', 'harbor', { secret: 'secret-NEW', host: 'other.example' });
    expect(foreign).toMatchObject({ relevant: false, reason: 'wrong-host' });
  });

  it('lets in who knows the path, and only that path', async () => {
    const token = (await open()).pathTokenOf('hub');
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(await send('docker-hub', 'hub', { token: token! })).toMatchObject([{ relevant: true }]);
    expect((await open()).pathTokenOf('harbor')).toBeUndefined();
    for (const wrong of [{}, { token: '' }, { token: `${token}x` }]) {
      await expect(send('docker-hub', 'hub', wrong)).rejects.toMatchObject({ code: 'webhook-unauthorized' });
    }
  });

  it('takes the token of the generation before, and no older one', async () => {
    const withGeneration = (generation: number) =>
      openReceivers(
        { receivers: [{ ...HUB, auth: { mode: 'path', generation } }], registries },
        { resolveSecret, masterKey: KEY },
      );
    const tokens = await Promise.all(
      [1, 2, 3].map(async (number) => (await withGeneration(number)).pathTokenOf('hub')),
    );
    expect(new Set(tokens).size).toBe(3);
    const third = await withGeneration(3);
    const modes = tokens.map((token) => third.find('docker-hub', 'hub', token).auth.mode);
    expect(modes).toEqual(['header', 'path', 'path']);
  });

  it.each([
    ['an unknown receiver', 'harbor', 'nobody', undefined],
    ['another kind', 'distribution', 'harbor', undefined],
    ['a token where none belongs', 'harbor', 'harbor', 'x'],
  ])('lets nobody in at %s', async (_name, kind, id, token) => {
    const sent = send(kind, id, { secret: 'secret-NEW', ...(token === undefined ? {} : { token }) });
    await expect(sent).rejects.toMatchObject({ code: 'webhook-unauthorized' });
  });

  it.each(Object.keys(PUSH_SOURCES))('has a stand-in for %s that no credential opens', async (kind) => {
    for (const secret of ['', 'undefined', 'nobody']) {
      await expect(send(kind, 'nobody', { secret })).rejects.toMatchObject({ code: 'webhook-unauthorized' });
    }
    if (!isReceiverKind(kind)) throw new Error(kind);
    const { auth } = (await open()).find(kind, 'nobody');
    const { modes } = PUSH_SOURCES[kind];
    const isPathOnly = modes.every((mode) => mode === 'path');
    // the credential is looked at, not only its mode: where one can be
    expect(modes.includes(auth.mode)).toBe(!isPathOnly);
  });

  it('does the same work for an unknown receiver as for a wrong credential', async () => {
    const directory = await open();
    const rawBody = Buffer.alloc(100_000, 'x');
    const spend = async (id: string): Promise<number> => {
      const start = performance.now();
      for (let count = 0; count < 200; count += 1) {
        const request = { headers: { authorization: 'wrong' }, rawBody };
        await receivePush('harbor', request, directory.find('harbor', id)).catch(() => {});
      }
      return performance.now() - start;
    };
    await spend('harbor');
    await spend('nobody');
    const ratios: number[] = [];
    for (let round = 0; round < 15; round += 1) ratios.push((await spend('harbor')) / (await spend('nobody')));
    ratios.sort((one, other) => one - other);
    // a step that is left out would show as a multiple; what is left is noise
    expect(ratios[7]).toBeGreaterThan(0.4);
    expect(ratios[7]).toBeLessThan(2.5);
  });

  it('says which receiver lacks its secret', async () => {
    const missing = openReceivers(
      { receivers: [HARBOR], registries: [] },
      {
        masterKey: KEY,
        resolveSecret: () => Promise.reject(new TransshipError('invalid-config', 'OLD is not set', { hint: 'set it' })),
      },
    );
    await expect(missing).rejects.toMatchObject({
      code: 'invalid-config',
      message: 'receiver harbor: OLD is not set',
      hint: 'set it',
    });
  });
});
