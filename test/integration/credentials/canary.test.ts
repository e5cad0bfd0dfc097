// No credential is anywhere but in the Secrets of the cluster: not in results, checkpoints, logs, metrics, Events or the files of the store,
// whatever goes wrong.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import { makeNamespaces, makeSecret, onlyPrefix, secretsOf } from '../../support/credentials/cluster-objects.ts';
import { openCredentialsBed, ruleOf } from '../../support/credentials/credentials-bed.ts';
import { faultyCluster, isWriteRequest } from '../../support/credentials/faulty-cluster.ts';
import { testProvider } from '../../support/credentials/test-provider.ts';

// needs an API server that this machine may not have
describe.skipIf(isKubernetesMissing())('a credential', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    cluster = await openTestCluster(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  test('stays where it belongs, also where it is refused, broken or in the way of somebody', async () => {
    const names = await makeNamespaces(cluster, 'canary', 6);
    const foreign = `canary-foreign-${randomUUID()}`;
    const dockerConfig = JSON.stringify({ auths: { 'r1.test': { username: 'u', password: foreign } } });
    const data = { '.dockerconfigjson': Buffer.from(dockerConfig).toString('base64') };
    const type = 'kubernetes.io/dockerconfigjson';
    await makeSecret(cluster, { namespace: names[0] ?? '', name: 'registry-pull' }, { type, data });
    const [one, two] = [testProvider('r1.test'), testProvider('r2.test', { lifeMs: 60_000 })];
    const rules = [ruleOf({ namespaces: onlyPrefix('canary'), registries: ['r1.test', 'r2.test'], verify: true })];
    let probes = 0;
    await using bed = await openCredentialsBed({
      cluster,
      instance: 'canary',
      providers: [one, two],
      rules,
      probe: (registry) => {
        probes += 1;
        const isRefused = registry === 'r2.test' && probes > 4;
        return Promise.resolve(isRefused ? { state: 'refused', message: 'no' } : { state: 'ok', checked: 'pull' });
      },
    });
    const runs = [await bed.run()];
    bed.restart();
    const refusing = faultyCluster(cluster, (request, send) => {
      const isHit = isWriteRequest(request) && request.path.includes(names[2] ?? '');
      if (isHit) throw new TransshipError('cluster-unavailable', 'cluster test: 500', { retryable: true });
      return send();
    });
    runs.push(await bed.run({ cluster: refusing, payload: { force: true } }));
    // what somebody broke by hand
    await cluster.send({
      method: 'PATCH',
      path: `/api/v1/namespaces/${names[3]}/secrets/registry-pull`,
      contentType: 'application/merge-patch+json',
      body: { data: { '.dockerconfigjson': Buffer.from('{"auths":{"r1.test":7}}').toString('base64') } },
    });
    runs.push(await bed.run({ payload: { force: true } }), await bed.run({ payload: { namespace: names[4] ?? '' } }));
    expect((await secretsOf(cluster, 'canary')).length).toBe(names.length);

    const events = await cluster.send({ method: 'GET', path: '/api/v1/events' });
    const files = await Promise.all(
      (await readdir(bed.dataDir)).map((name) => readFile(path.join(bed.dataDir, name), 'latin1').catch(() => '')),
    );
    const { jobs } = await bed.store.jobs.list({}, 1000);
    const audit = await readFile(path.join(kubernetes.folder, 'audit.log'), 'utf8');
    const told = [inspect([runs, bed.lines, [...bed.gauges], events, jobs], { depth: 20 }), ...files, audit].join('\n');
    expect(told).toContain('r2.test');
    const all = [...one.secrets, ...two.secrets, foreign];
    expect(all.length).toBeGreaterThan(4);
    for (const secret of all) {
      expect(told).not.toContain(secret);
      expect(told).not.toContain(Buffer.from(secret).toString('base64').slice(0, 24));
    }
  });
});
