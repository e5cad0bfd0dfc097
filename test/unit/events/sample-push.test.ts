// The sample push of every kind is one that its receiver takes for a push, and that a shell sends unchanged.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { acceptsContent } from '../../../shared/events/content-type.ts';
import { isReceiverKind, PUSH_SOURCES, receivePush } from '../../../shared/events/index.ts';
import type { ReceiverKind } from '../../../shared/events/push-event.ts';
import type { AuthMode, ReceiverAuth } from '../../../shared/events/receiver.ts';
import { curlLine, samplePush } from '../../../shared/events/sample-push.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const FACTS = { id: 'sample-1', occurredAt: '2026-01-02T03:04:05.000Z' };
const SECRET = 'it is a "sample" secret';
const KINDS = Object.keys(PUSH_SOURCES).filter(isReceiverKind);
const TOKEN_MODES: AuthMode[] = ['google-oidc', 'entra', 'chainguard-oidc'];
const WITH_MODES = KINDS.flatMap((kind) => PUSH_SOURCES[kind].modes.map((mode) => [kind, mode] as const));

describe.each(WITH_MODES.filter(([, mode]) => !TOKEN_MODES.includes(mode)))(
  'a sample of %s in mode %s',
  (kind, mode) => {
    it('is one relevant push of its tag', async () => {
      const { headers, body } = samplePush(kind, new Secret(SECRET), {
        ...FACTS,
        mode,
        repository: 'team/app',
        tag: 'v1',
      });
      const events = await receive(kind, authOf(kind, mode), headers, body);
      expect(events).toEqual([
        expect.objectContaining({ action: 'push', repository: 'team/app', tag: 'v1', relevant: true }),
      ]);
    });

    it('is a JSON body for its receiver', () => {
      const { headers } = samplePush(kind, new Secret(SECRET), { ...FACTS, mode });
      expect(acceptsContent(PUSH_SOURCES[kind], headers)).toBe(true);
    });
  },
);

it.each(KINDS)('of %s reads back as one push, without its credential', (kind) => {
  const { headers, body } = samplePush(kind, new Secret(SECRET), { ...FACTS, repository: 'team/app' });
  const [sent, ...others] = PUSH_SOURCES[kind].read(JSON.parse(body), headers);
  expect(others).toEqual([]);
  expect(sent).toMatchObject({ action: 'push', repository: 'team/app', tag: 'latest' });
});

it('differs from another one by its id', async () => {
  const keyOf = async (id: string) => {
    const { headers, body } = samplePush('github', new Secret(SECRET), { ...FACTS, id });
    return (await receive('github', authOf('github', 'hmac'), headers, body))[0]?.dedupeKey;
  };
  expect(await keyOf('a')).toBe(await keyOf('a'));
  expect(await keyOf('a')).not.toBe(await keyOf('b'));
});

it.each(['artifact-registry', 'chainguard', 'acr-event-grid'] as const)('of %s carries a token', (kind) => {
  const { headers, pathSuffix } = samplePush(kind, new Secret('a.b.c'), FACTS);
  expect([headers['authorization'], pathSuffix]).toEqual(['Bearer a.b.c', '']);
});

it('carries the token in the path where there is no header to carry it', () => {
  const sample = samplePush('docker-hub', new Secret('token'), FACTS);
  expect(sample.pathSuffix).toBe('/token');
  expect(curlLine(sample, 'https://transship.test/hooks/docker-hub/hub')).toMatch(/'https:[^']*\/hub\/token'$/);
});

it('is refused in a mode that the kind does not have', () => {
  const made = () => samplePush('github', new Secret(SECRET), { ...FACTS, mode: 'path' });
  expect(made).toThrow(expect.objectContaining({ code: 'invalid-usage' }));
});

it('comes through a shell unchanged', () => {
  const nasty = `it's "$HOME" \`id\` \\ !`;
  const sample = samplePush('harbor', new Secret(nasty), { ...FACTS, tag: nasty });
  const line = curlLine(sample, 'https://transship.test/hooks/harbor/main');
  const shown = execFileSync('sh', ['-c', line.replace(/^curl/, `printf '%s\\n'`)], { encoding: 'utf8' }).split('\n');
  expect(shown).toContain(`authorization: ${nasty}`);
  expect(shown).toContain(sample.body);
});

function authOf(kind: ReceiverKind, mode: AuthMode): ReceiverAuth {
  if (mode === 'path' || mode === 'platform') return { mode };
  if (mode === 'hmac') return { mode, secrets: [SECRET] };
  return { mode: 'header', name: PUSH_SOURCES[kind].header ?? 'authorization', secrets: [SECRET] };
}

function receive(kind: ReceiverKind, auth: ReceiverAuth, headers: Record<string, string>, body: string) {
  const receiver = { id: 'test', registry: { id: 'main', hosts: [PUSH_SOURCES[kind].sampleHost] }, auth };
  return receivePush(kind, { headers, rawBody: Buffer.from(body) }, receiver);
}
