// What a path of the API names.
import { expect, it } from 'vitest';
import { nameOfObject, readObjectPath } from '../../../shared/cluster/object-path.ts';

it.each([
  ['/api/v1/namespaces', { resource: 'namespaces' }, 'namespaces'],
  ['/api/v1/namespaces/team-a', { resource: 'namespaces', name: 'team-a' }, 'namespaces team-a'],
  ['/api/v1/namespaces/team-a/secrets', { resource: 'secrets', namespace: 'team-a' }, 'secrets in namespace team-a'],
  [
    '/api/v1/namespaces/team-a/secrets/pull',
    { resource: 'secrets', namespace: 'team-a', name: 'pull' },
    'secrets pull in namespace team-a',
  ],
  [
    '/api/v1/namespaces/a/serviceaccounts/default/token',
    { resource: 'serviceaccounts/token', namespace: 'a', name: 'default' },
    'serviceaccounts/token default in namespace a',
  ],
  ['/api/v1/secrets', { resource: 'secrets' }, 'secrets'],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/x%3Ay',
    { resource: 'clusterroles', group: 'rbac.authorization.k8s.io', name: 'x:y' },
    'clusterroles x:y',
  ],
  [
    '/apis/apps/v1/namespaces/a/deployments/b',
    { resource: 'deployments', group: 'apps', namespace: 'a', name: 'b' },
    'deployments b in namespace a',
  ],
  ['/version', { resource: '/version' }, '/version'],
  ['/api/v1/namespaces/%E0%A4%A', { resource: 'namespaces', name: '%E0%A4%A' }, 'namespaces %E0%A4%A'],
])('%s', (path, object, name) => {
  expect(readObjectPath(path)).toEqual(object);
  expect(nameOfObject(readObjectPath(path))).toBe(name);
});
