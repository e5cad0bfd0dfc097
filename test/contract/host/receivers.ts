// Webhooks by every way in which senders prove themselves: what they tell of is copied, once, and nobody else gets in.
import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PUSH_SOURCES } from '../../../shared/events/index.ts';
import { pathToken } from '../../../shared/events/path-token.ts';
import type { ReceiverKind } from '../../../shared/events/push-event.ts';
import type { AuthMode } from '../../../shared/events/receiver.ts';
import { samplePush, type SamplePush } from '../../../shared/events/sample-push.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { ask, done, jobIn, type Answer } from '../../support/hosts/host-client.ts';
import type { HostBed } from './host-bed.ts';

type Sender = { id: string; kind: ReceiverKind; mode: AuthMode; secret?: string };

const DISTRIBUTION: Sender = { id: 'dist', kind: 'distribution', mode: 'header', secret: 'HOOK' };
const GITEA: Sender = { id: 'gitea', kind: 'gitea', mode: 'hmac', secret: 'SIGNING' };
const QUAY: Sender = { id: 'quay', kind: 'quay', mode: 'path' };
const SENDERS: readonly Sender[] = [
  DISTRIBUTION,
  GITEA,
  QUAY,
  { id: 'harbor', kind: 'harbor', mode: 'header', secret: 'HOOK' },
  { id: 'nexus', kind: 'nexus', mode: 'hmac', secret: 'SIGNING' },
  { id: 'cloud', kind: 'cloudevents', mode: 'path' },
];

const UNKNOWN = {
  type: 'about:blank',
  title: 'Unauthorized',
  status: 401,
  code: 'webhook-unauthorized',
  detail: 'the request is not authenticated',
};

export function describeReceivers(bed: () => HostBed): void {
  /** What a sender of the kind sends about a tag of `t/<kind>` in the source. */
  function push({ id, kind, mode, secret }: Sender, digest = `sha256:${'a'.repeat(64)}`): SamplePush {
    const { scene, host } = bed();
    const credential = secret === undefined ? pathToken(host.masterKey, id, 1) : (scene.secrets[secret] ?? '');
    return samplePush(kind, new Secret(credential), {
      mode,
      headerName: 'authorization',
      host: scene.source.host,
      repository: `t/${kind}`,
      tag: 'v1',
      digest,
      id: randomUUID(),
      occurredAt: new Date().toISOString(),
    });
  }

  function send(sender: Sender, { body, headers, pathSuffix }: SamplePush): Promise<Answer> {
    const { id, kind } = sender;
    return ask(bed().host, `/hooks/${kind}/${id}${pathSuffix}`, { body, headers, token: null });
  }

  describe('takes a push', () => {
    it.for(SENDERS)('of $kind by $mode, and its image is in the target', async (sender) => {
      const { host, scene } = bed();
      const digest = await scene.push(`t/${sender.kind}`, ['v1']);
      await done(host, jobIn(await send(sender, push(sender, digest))));
      expect(await scene.mirrored(`m/${sender.kind}`, 'v1')).toBe(digest);
      const { json } = await ask(host, `/v1/events?receiver=${sender.id}`);
      expect(json.items[0]).toMatchObject({ isRepeated: false, event: { repository: `t/${sender.kind}`, tag: 'v1' } });
    });

    it('once, however often it is sent', async () => {
      const { host } = bed();
      const sent = push(DISTRIBUTION, await bed().scene.push('t/distribution', ['v1']));
      const answers = await Promise.all([send(DISTRIBUTION, sent), send(DISTRIBUTION, sent)]);
      const jobs = new Set([...answers, await send(DISTRIBUTION, sent)].map(jobIn));
      expect(jobs.size).toBe(1);
      const [id = ''] = jobs;
      await done(host, id);
      expect(jobIn(await send(DISTRIBUTION, sent))).toBe(id);
    });

    it('whose signature is over bytes that are no ASCII', async () => {
      const sent = push(GITEA);
      const body = sent.body.replace('"created"', '"created","note":"größer als 1 €"');
      const { signature } = PUSH_SOURCES.gitea;
      const signed = createHmac('sha256', bed().scene.secrets['SIGNING'] ?? '')
        .update(body)
        .digest('hex');
      // an HTTP API of AWS brings a body of this type in base64
      const type = 'application/cloudevents+json';
      const headers = { ...sent.headers, 'content-type': type, [signature?.header ?? '']: signed };
      const answer = await send(GITEA, { ...sent, body, headers });
      expect(answer.status).toBe(202);
    });

    it('of what nobody mirrors without a job', async () => {
      const sent = samplePush('distribution', new Secret(bed().scene.secrets['HOOK'] ?? ''), {
        host: bed().scene.source.host,
        repository: 'elsewhere/app',
        id: randomUUID(),
        occurredAt: new Date().toISOString(),
        headerName: 'authorization',
      });
      const { status, headers } = await send(DISTRIBUTION, sent);
      expect([status, headers.get('location')]).toEqual([202, null]);
    });
  });

  describe('refuses', () => {
    it.each<[string, string, Partial<SamplePush>, Sender]>([
      ['a wrong header', '', { headers: { authorization: 'Bearer wrong' } }, DISTRIBUTION],
      ['a wrong signature', '', { headers: { 'x-gitea-signature': 'a'.repeat(64) } }, GITEA],
      ['a body that was changed on its way', ' ', {}, GITEA],
      ['a wrong token', '', { pathSuffix: `/${'a'.repeat(43)}` }, QUAY],
      ['no token', '', { pathSuffix: '' }, QUAY],
      ['who is not known', '', {}, { ...DISTRIBUTION, id: 'nobody' }],
    ])('%s, in the same words', async (_, tail, change, sender) => {
      const sent = push(sender);
      const headers = { ...sent.headers, ...change.headers };
      const answer = await send(sender, { ...sent, ...change, headers, body: sent.body + tail });
      expect(answer).toMatchObject({ status: 401, json: UNKNOWN });
    });

    it('a body that is too large', async () => {
      const sent = push(DISTRIBUTION);
      const body = sent.body + ' '.repeat(PUSH_SOURCES.distribution.maxBodyBytes);
      expect(await send(DISTRIBUTION, { ...sent, body })).toMatchObject({
        status: 413,
        json: { status: 413, code: 'body-too-large' },
      });
    });

    it('a form, a kind that there is not, and another method', async () => {
      const { host } = bed();
      const sent = push(DISTRIBUTION);
      const form = { ...sent.headers, 'content-type': 'application/x-www-form-urlencoded' };
      expect((await send(DISTRIBUTION, { ...sent, headers: form })).status).toBe(415);
      expect((await ask(host, '/hooks/constructor/dist', { body: {}, token: null })).status).toBe(404);
      const put = await ask(host, '/hooks/distribution/dist', { method: 'PUT', token: null });
      expect([put.status, put.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    });
  });
}
