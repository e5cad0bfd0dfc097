// Which waiting mirror jobs stand for each other.
import { describe, expect, it } from 'vitest';
import { mirrorJob, type MirrorPayload } from '../../../functions/job-kinds/mirror-job.ts';

const BY_RULE: MirrorPayload = {
  source: 'a.example/app:1',
  targets: ['t.example/app:1'],
  rule: 'app',
  trigger: 'push',
  referrers: true,
  onConflict: 'overwrite',
};
const { rule: _, ...terms } = BY_RULE;
const ON_DEMAND: MirrorPayload = { ...terms, trigger: 'api' };
const purpose = (payload: MirrorPayload): string | undefined => mirrorJob(payload).coalesce;

describe('a waiting mirror job of a rule', () => {
  it.each<[string, Partial<MirrorPayload>]>([
    ['a newer push', { announced: 'sha256:bb' }],
    ['a sweep', { trigger: 'sweep' }],
    ['a push under newer terms of the rule', { platforms: { include: ['linux/amd64'], mode: 'keep' } }],
  ])('is done by that of %s', (_what, change) => {
    expect(purpose({ ...BY_RULE, ...change })).toBe(purpose(BY_RULE));
  });

  it.each<[string, Partial<MirrorPayload>]>([
    ['another source with the same target', { source: 'b.example/app:1' }],
    ['another rule', { rule: 'other' }],
    ['other targets', { targets: ['t.example/app:1', 'u.example/app:1'] }],
    ['one who asks for an old digest', { source: `a.example/app:1@sha256:${'a'.repeat(64)}`, trigger: 'api' }],
    ['one who asks for the same', { trigger: 'api' }],
  ])('is not done by that of %s', (_what, change) => {
    expect(purpose({ ...BY_RULE, ...change })).not.toBe(purpose(BY_RULE));
  });
});

describe('a waiting mirror job that somebody asked for', () => {
  it('is done by the same request', () => {
    expect(purpose({ ...ON_DEMAND, requestHash: 'x' })).toBe(purpose(ON_DEMAND));
  });

  it.each<[string, Partial<MirrorPayload>]>([
    ['without referrers', { referrers: false }],
    ['for fewer platforms', { platforms: { include: ['linux/amd64'], mode: 'keep' } }],
    ['with a backup', { onConflict: 'backup' }],
  ])('is not done by one %s', (_what, change) => {
    expect(purpose({ ...ON_DEMAND, ...change })).not.toBe(purpose(ON_DEMAND));
  });
});

it('works with the hosts of its source and its targets', () => {
  const targets = ['t.example/app:1', 'u.example:5000/app:1'];
  expect(mirrorJob({ ...BY_RULE, targets }).hosts).toEqual(['a.example', 't.example', 'u.example:5000']);
});
