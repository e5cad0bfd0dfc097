// Which Namespaces are looked at once more because of requests for access, and which are left in peace.
import { expect, it } from 'vitest';
import { accessFollower } from '../../../functions/access/follow-access.ts';
import { credentialsPayload } from '../../../functions/job-kinds/credentials-job.ts';
import { declareGrant, revokeGrant } from '../../../shared/grants/declare-grants.ts';
import type { NewJob } from '../../../shared/jobs/job.ts';
import { configOf } from '../../support/config-of.ts';
import { memoryGrantStore } from '../../support/grants/memory-grant-store.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';

const CONFIG = configOf('clusters: [{ name: prod, kubeconfig: {} }]');

it('looks at each Namespace once in the beginning, and then where something began or ended', async () => {
  const clock = manualClock();
  const store = memoryGrantStore(() => clock.now());
  const asked: string[] = [];
  const jobs = {
    accept(job: NewJob) {
      const { cluster, namespace } = credentialsPayload.parse(job.payload);
      asked.push(`${cluster}/${namespace}`);
      return Promise.resolve({ id: '1', isNew: true });
    },
  };
  const decision = { store, clock, actor: 'test', config: CONFIG };
  const declare = async (namespace: string, own: { expiresAt?: Date; cluster?: string } = {}) => {
    const { cluster = 'prod', ...more } = own;
    const access = { cluster, namespace, registries: ['a.example.com'], serviceAccounts: ['default'] };
    await declareGrant(decision, pullGrant({ id: namespace, what: [], origin: 'store', access, ...more }));
  };
  const follow = accessFollower({ clock, config: () => CONFIG, grants: store, jobs });
  const told = async () => {
    await follow();
    return asked.splice(0).toSorted();
  };

  await declare('first', { expiresAt: new Date(clock.now().getTime() + 60_000) });
  await declare('second');
  await declare('elsewhere', { cluster: 'gone' });
  expect(await told()).toEqual(['prod/first', 'prod/second']);
  expect(await told()).toEqual([]);
  clock.step(60_000);
  expect(await told()).toEqual(['prod/first']);
  await revokeGrant(decision, 'second');
  await declare('third');
  expect(await told()).toEqual(['prod/second', 'prod/third']);
  expect(await told()).toEqual([]);
  // what it gave is there, whoever gave it
  await declare('brief');
  await revokeGrant(decision, 'brief');
  expect(await told()).toEqual(['prod/brief']);
});
