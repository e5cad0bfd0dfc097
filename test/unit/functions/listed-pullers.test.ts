// Which findings of an audit say for certain that somebody may pull.
import { expect, it } from 'vitest';
import { namesSubject } from '../../../functions/can-pull/listed-pullers.ts';
import type { RoleSubject } from '../../../shared/cluster/rbac-objects.ts';
import type { AuditFinding } from '../../../shared/grants/audit-finding.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const ROLE = 'arn:aws:iam::111122223333:role/ci';

function isNamed(who: string, [kind, name]: readonly ['User' | 'Group', string], own: Partial<AuditFinding> = {}) {
  const subject: RoleSubject = { kind, name };
  const finding: AuditFinding = {
    target: { backend: 'ecr', host: 'registry.example.com', place: 'team-a/app' },
    object: 'Sid Partners',
    who: ['user somebody-else', who],
    what: 'team-a/app',
    class: 'foreign',
    flags: [],
    ...own,
  };
  return namesSubject(finding, subject, NOW);
}

it.each<[string, ['User' | 'Group', string]]>([
  ['user dev', ['User', 'dev']],
  ['group dev', ['Group', 'dev']],
  ['team dev', ['Group', 'dev']],
  ['robot robot$team+ci', ['User', 'robot$team+ci']],
  ['ServicePrincipal 6f0e', ['User', '6f0e']],
  ['account 111122223333', ['User', '111122223333']],
  [ROLE, ['User', ROLE]],
  ['user:jane@acme.io', ['User', 'jane@acme.io']],
  ['group:dev@acme.io', ['Group', 'dev@acme.io']],
  ['everybody', ['User', 'dev']],
  ['everybody at all', ['Group', 'dev']],
])('%s means %j', (who, subject) => {
  expect(isNamed(who, subject)).toBe(true);
});

it.each<[string, ['User' | 'Group', string]]>([
  ['group dev', ['User', 'dev']],
  ['user dev', ['Group', 'dev']],
  ['robot dev', ['Group', 'dev']],
  ['Group 6f0e', ['User', '6f0e']],
  [`everybody but ${ROLE}`, ['User', ROLE]],
  ['everybody but account 111122223333', ['User', '111122223333']],
  ['everybody of organization o-a1b2c3d4e5', ['User', 'o-a1b2c3d4e5']],
  ['whoever knows the password of ci', ['User', 'ci']],
])('%s does not mean %j', (who, subject) => {
  expect(isNamed(who, subject)).toBe(false);
});

it.each<[string, Partial<AuditFinding>]>([
  ['that has ended', { until: '2026-11-21T12:00:00Z' }],
  ['whose end is no moment', { until: 'some day' }],
  ['that hangs on what nobody looked at', { isUncertain: true }],
])('no finding says so %s', (_, own) => {
  expect(isNamed('user dev', ['User', 'dev'], own)).toBe(false);
  expect(isNamed('everybody', ['User', 'dev'], own)).toBe(false);
});

it('a finding with an end to come says so', () => {
  expect(isNamed('user dev', ['User', 'dev'], { until: '2026-11-21T12:00:01Z' })).toBe(true);
});
