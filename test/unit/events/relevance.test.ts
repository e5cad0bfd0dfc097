// Which events ask for a job, for which reason the others do not, and which are the same event sent again.
import { describe, expect, it } from 'vitest';
import type { SentEvent } from '../../../shared/events/push-source.ts';
import type { Receiver } from '../../../shared/events/receiver.ts';
import { toPushEvent } from '../../../shared/events/to-push-event.ts';

const RECEIVER: Receiver = {
  id: 'test',
  registry: { id: 'main', hosts: ['Registry.example.com', 'index.docker.io'] },
  auth: { mode: 'path' },
  repositories: ['team/*'],
  ignoreActors: ['transship'],
};
const LEGACY = 'application/vnd.acr.helm.chart';

it('names the first reason that applies, in the order of the contract', () => {
  // everything is wrong with the first; each following one has one fault less
  let sent: SentEvent = {
    action: 'pull',
    object: 'blob',
    senderType: null,
    failed: true,
    mediaType: LEGACY,
    actor: 'transship',
    host: 'other.example.com',
  };
  const faults: Partial<SentEvent>[] = [
    { action: 'promote' },
    { failed: false },
    { object: 'manifest' },
    { mediaType: null },
    { repository: 'stranger/app' },
    { host: 'REGISTRY.example.com' },
    { repository: 'team/app' },
    { actor: 'somebody' },
    { tag: 'v1' },
  ];
  const reasons = [judge(sent).reason];
  for (const mended of faults) {
    sent = { ...sent, ...mended };
    reasons.push(judge(sent).reason);
  }
  const names = ['pull', 'failed', 'blob', 'legacy-chart', 'no-repository', 'wrong-host', 'not-allowed', 'own-actor'];
  expect(reasons).toEqual([...names, 'untagged', null]);
});

it.each(['push', 'promote', 'replicate'] as const)('asks for a job on %s', (action) => {
  const event = judge({ action, senderType: null, repository: 'team/app', tag: 'v1' });
  expect(event).toMatchObject({ relevant: true, reason: null, needsResolve: ['registryHost', 'digest', 'mediaType'] });
});

it('lets a push without a tag ask for a sweep', () => {
  const sent: SentEvent = { action: 'push', senderType: null, repository: 'team/app', tag: `sha256:${'a'.repeat(64)}` };
  expect(judge(sent)).toMatchObject({ relevant: false, reason: 'untagged', needsResolve: [] });
  expect(judge(sent, { untagged: 'ignore' })).toMatchObject({ relevant: false, reason: 'untagged' });
  expect(judge(sent, { untagged: 'sweep' }).needsResolve).toEqual(['registryHost', 'tag', 'digest', 'mediaType']);
});

it('knows the registry by all of its names', () => {
  const hostReason = (host: string) =>
    judge({ action: 'push', senderType: null, host, repository: 'team/a', tag: 'v' }).reason;
  expect(['registry.EXAMPLE.com', 'docker.io', 'registry-1.docker.io', ''].map(hostReason)).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(['registry.example.com:443', 'example.com'].map(hostReason)).toEqual(['wrong-host', 'wrong-host']);
});

describe('an allow list', () => {
  it.each([
    ['team/app', ['team/app'], ['team/app2', 'team', 'team/app/x', 'x/team/app']],
    ['Team/App', ['team/app'], []],
    ['team/*', ['team/app', 'team/b'], ['team', 'team/app/x', 'teams/app', 'x/team/app']],
    ['team/**', ['team/app', 'team/app/x'], ['team', 'teams/app', 'x/team/app']],
    ['*', ['app'], ['team/app']],
    ['**', ['app', 'team/app'], []],
    ['team*', [], ['team', 'teams', 'team/app']],
    ['*/app', [], ['team/app']],
    ['', [], ['app']],
  ])('with %j', (pattern, allowed, refused) => {
    const reasonOf = (repository: string) =>
      judge({ action: 'push', senderType: null, repository, tag: 'v1' }, { repositories: [pattern] }).reason;
    expect(allowed.map(reasonOf)).toEqual(allowed.map(() => null));
    expect(refused.map(reasonOf)).toEqual(refused.map(() => 'not-allowed'));
  });

  it('that is empty allows nothing', () => {
    const sent: SentEvent = { action: 'push', senderType: null, repository: 'team/app', tag: 'v1' };
    expect(judge(sent, { repositories: [] }).reason).toBe('not-allowed');
  });
});

describe('a dedupe key', () => {
  const sent: SentEvent = {
    action: 'push',
    senderType: 'A',
    eventId: '1',
    sentAt: 5,
    repository: 'team/app',
    tag: 'v1',
  };
  const keyOf = (change: Partial<SentEvent> = {}, index = 0, receiver: Partial<Receiver> = {}) =>
    judge({ ...sent, ...change }, receiver, index).dedupeKey;

  it('differs where two events do', () => {
    const keys = [
      keyOf(),
      keyOf({ senderType: 'B' }),
      keyOf({ senderType: null }),
      keyOf({ eventId: '2' }),
      keyOf({ action: 'promote' }),
      keyOf({ repository: 'team/other' }),
      keyOf({ tag: 'v2' }),
      keyOf({ digest: `sha256:${'a'.repeat(64)}` }),
      keyOf({}, 1),
      keyOf({}, 0, { id: 'other' }),
      keyOf({ eventId: null }),
      keyOf({ eventId: null, sentAt: 6 }),
      keyOf({ eventId: null, sentAt: '5' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is the same for a retry with another time', () => {
    expect(keyOf({ sentAt: 6 })).toBe(keyOf());
  });

  it('takes the time as it was sent, also where that is no moment', () => {
    expect(keyOf({ eventId: null, sentAt: '2016-11-29 12:25:46' })).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is none without id and time', () => {
    expect(keyOf({ eventId: null, sentAt: null })).toBeNull();
  });

  it('is not made of joined text', () => {
    expect(keyOf({ senderType: 'A","1' })).not.toBe(keyOf({ senderType: 'A', eventId: '1' }));
    expect(keyOf({ senderType: 'A,1', eventId: '1' })).not.toBe(keyOf({ senderType: 'A', eventId: '1,1' }));
  });
});

function judge(sent: SentEvent, receiver: Partial<Receiver> = {}, index = 0) {
  return toPushEvent(sent, index, 'acr', { ...RECEIVER, ...receiver });
}
