// What rules of roles mean for pulls, and how people name who pulls.
import { describe, expect, it } from 'vitest';
import type { RoleRule } from '../../../shared/cluster/rbac-objects.ts';
import { pullReach } from '../../../shared/grants/kubernetes/pull-reach.ts';
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';
import { readPullSubject } from '../../../shared/grants/pull-subject.ts';
import { rejectionOf } from '../../support/rejection.ts';

const { acp, openshift } = PULL_PROFILES;
const split = { ...openshift, joinedForm: false };

function rule(apiGroup: string, resource: string, verb = 'get', more: Partial<RoleRule> = {}): RoleRule {
  return { apiGroups: [apiGroup], resources: [resource], verbs: [verb], ...more };
}

describe('rules allow a pull', () => {
  it.each([
    ['of the resource', acp, rule(acp.group, 'images')],
    ['by every verb', acp, rule(acp.group, 'images', '*')],
    ['of every API group', acp, rule('*', 'images')],
    ['of every resource', acp, rule(acp.group, '*')],
    ['of resource and subresource in one word', openshift, rule(openshift.group, 'imagestreams/layers')],
    ['of every resource, subresources and all', openshift, rule(openshift.group, '*')],
    ['of the subresource of all, where the registry sends two words', split, rule(openshift.group, '*/layers')],
    ['of both, where the registry sends two words', split, rule(openshift.group, 'imagestreams/layers')],
  ])('%s', (_, profile, one) => {
    expect(pullReach([one], profile)).toBeDefined();
  });

  it('of some images, where the registry asks by name', () => {
    const named = rule(openshift.group, 'imagestreams/layers', 'get', { resourceNames: ['b', 'a'] });
    expect(pullReach([named], openshift)).toMatchObject({ images: ['a', 'b'] });
    expect(pullReach([named, rule(openshift.group, 'imagestreams/layers')], openshift)).not.toHaveProperty('images');
  });

  it('with its wildcards, each once', () => {
    expect(pullReach([rule('*', '*', '*'), rule('*', 'images')], acp)).toEqual({
      wildcards: ['wildcard verb', 'wildcard API group', 'wildcard resource'],
      bySubresource: false,
    });
  });
});

describe('rules allow no pull', () => {
  it.each([
    ['of another verb', acp, rule(acp.group, 'images', 'list')],
    ['of another API group', acp, rule('', 'images')],
    ['of another resource', acp, rule(acp.group, 'imagestreams')],
    ['of the subresource alone', acp, rule(acp.group, 'images/layers')],
    ['of the resource without its subresource', openshift, rule(openshift.group, 'imagestreams')],
    ['of the subresource of all, where the registry sends one word', openshift, rule(openshift.group, '*/layers')],
    ['of every subresource', split, rule(openshift.group, 'imagestreams/*')],
    [
      'of some images, where the registry asks for none',
      acp,
      rule(acp.group, 'images', 'get', { resourceNames: ['a'] }),
    ],
  ])('%s', (_, profile, one) => {
    expect(pullReach([one], profile)).toBeUndefined();
  });
});

describe('a subject', () => {
  it.each([
    ['my-ns/default', { kind: 'ServiceAccount', namespace: 'my-ns', name: 'default' }],
    ['system:serviceaccount:my-ns:a.b', { kind: 'ServiceAccount', namespace: 'my-ns', name: 'a.b' }],
    ['user:system:serviceaccount:my-ns:default', { kind: 'ServiceAccount', namespace: 'my-ns', name: 'default' }],
    ['user:jane@example.com', { kind: 'User', name: 'jane@example.com' }],
    ['user:oidc:group/jane', { kind: 'User', name: 'oidc:group/jane' }],
    ['group:system:authenticated', { kind: 'Group', name: 'system:authenticated' }],
  ])('%s', (text, subject) => {
    expect(readPullSubject(text)).toEqual(subject);
  });

  it.each([
    '',
    'default',
    'my-ns/',
    '/default',
    'My-ns/default',
    'a/b/c',
    'user:',
    'group:\u0007',
    'system:serviceaccount:a',
  ])('%j is none', async (text) => {
    const failure = await rejectionOf(Promise.try(() => readPullSubject(text)));
    expect(failure).toMatchObject({ code: 'invalid-usage', hint: expect.stringContaining('my-ns/default') });
  });
});
