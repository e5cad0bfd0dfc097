// What is planned for a Namespace where one of the Secrets that rules want may not be read: nobody knows whose it is.
import { expect, test } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { observeNamespace } from '../../../shared/credentials/observe-namespace.ts';
import { planCredentials } from '../../../shared/credentials/plan.ts';
import { readsFor } from '../../../shared/credentials/reads.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { desiredOf, issuedNow, ruleOf } from '../../support/credential-rules.ts';

/** Answers GETs by path; 404 is what is not there, and `theirs` may not be read. */
function clusterWith(objects: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Cluster {
  return {
    name: 'prod',
    async send({ path }) {
      if (path.endsWith('/secrets/theirs')) throw new TransshipError('denied', 'secrets "theirs" is forbidden');
      const found = objects[path];
      if (found === undefined) throw new TransshipError('not-found', `${path} is not there`);
      return found;
    },
    async *watch() {},
    now: () => new Date(),
    close: async () => undefined,
  };
}

function accountOf(name: string, ...references: string[]) {
  return {
    metadata: { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: '1' },
    imagePullSecrets: references.map((reference) => ({ name: reference })),
  };
}

test('references to a Secret that may not be read neither come nor go, and those to others do', async () => {
  const rules = ['theirs', 'pull'].map((name) =>
    ruleOf({ name, prune: true, serviceAccounts: { names: ['default'] }, secret: { name, layout: 'merged' } }),
  );
  const cluster = clusterWith({
    '/api/v1/namespaces/a': { metadata: { name: 'a', uid: 'uid-a', resourceVersion: '1' } },
    '/api/v1/namespaces/a/serviceaccounts': {
      metadata: { resourceVersion: '1' },
      items: [accountOf('builder', 'theirs', 'pull'), accountOf('default')],
    },
  });
  const found = await observeNamespace(cluster, 'a', readsFor(rules, 'transship'));
  const desired = desiredOf(rules, { 'r.io': { outcome: issuedNow() } });
  const changes = planCredentials(
    desired,
    { name: 'prod', namespaces: found === undefined ? [] : [found] },
    new Date(),
  );
  const touched = changes.flatMap((change) =>
    change.kind === 'attach-reference' || change.kind === 'detach-reference'
      ? [`${change.kind} ${change.serviceAccount} ${change.secrets.join()}`]
      : [],
  );
  expect(touched).toEqual(['attach-reference default pull', 'detach-reference builder pull']);
  // who has to write it is told why it cannot be done
  expect(changes).toContainEqual(expect.objectContaining({ kind: 'create-secret', secret: 'theirs' }));
});
