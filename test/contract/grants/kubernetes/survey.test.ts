// What looking at a cluster for grants costs, by what an API server of loopback is asked.
import { expect, test } from 'vitest';
import { kubernetesBackend } from '../../../../shared/grants/kubernetes/backend.ts';
import { answerJson, startBareApiServer } from '../../../support/bare-api-server.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';

const NAMES = Array.from({ length: 100 }, (_, index) => `team-${index}`);
const SELF = pullGrant({
  grantees: [{ kind: 'NamespaceSelector', cluster: 'bare', selector: 'all' }],
  what: [{ registry: 'inside.svc', what: { kind: 'namespace', name: '{namespace}' }, actions: ['pull'] }],
});

test.each([
  ['of all Namespaces is one list of RoleBindings', false, ['namespaces', 'rolebindings']],
  ['of what one Namespace has to do with is no list of all RoleBindings', true, ['namespaces']],
])('a look %s', async (_, isNarrow, lists) => {
  const asked: string[] = [];
  await using server = await startBareApiServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://x');
    asked.push(pathname.split('/').at(-1) ?? '');
    const items = pathname.endsWith('/namespaces')
      ? NAMES.map((name) => ({ metadata: { name, uid: name, resourceVersion: '1' } }))
      : [];
    answerJson(response, 200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items });
  });
  const { cluster } = server;
  const site = { backend: 'kubernetes' as const, host: 'bare', profiles: new Map() };
  const backend = kubernetesBackend({ site, instance: 'transship', cluster });
  const { namespaces } = await backend.survey(SELF.what, { grants: [SELF], isNarrow });
  expect([...(namespaces?.keys() ?? [])].toSorted()).toEqual(NAMES.toSorted());
  expect(asked).toEqual(lists);
});
