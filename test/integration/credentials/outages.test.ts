// What may fail while credentials are distributed, one row each: good Secrets stay, the others get theirs, and what is told names who
// failed and what helps.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../../../shared/cluster/cluster.ts';
import { TransshipError, type ErrorCode } from '../../../shared/errors.ts';
import type { IssuedCredential } from '../../../shared/registries/issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import { makeNamespaces, onlyPrefix, passwordIn, secretsOf } from '../../support/credentials/cluster-objects.ts';
import { openCredentialsBed, ruleOf } from '../../support/credentials/credentials-bed.ts';
import { faultyCluster, isWriteRequest, type Meddle } from '../../support/credentials/faulty-cluster.ts';
import { HOUR_MS, testProvider } from '../../support/credentials/test-provider.ts';

// needs an API server that this machine may not have
describe.skipIf(isKubernetesMissing())('while something is broken', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;
  let beds = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    cluster = await openTestCluster(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  /** Two registries in one Secret, both in place and long due. */
  async function openBed(
    options: { verify?: boolean; probe?: Parameters<typeof openCredentialsBed>[0]['probe'] } = {},
  ) {
    const prefix = `outage-${(beds += 1)}`;
    await makeNamespaces(cluster, prefix, 3);
    // by its own word it is past the half of its life from the first moment on
    const bad = testProvider('bad.test', { ageMs: 8 * HOUR_MS });
    const good = testProvider('good.test', { ageMs: 8 * HOUR_MS });
    const rules = [
      ruleOf({
        namespaces: onlyPrefix(prefix),
        registries: ['bad.test', 'good.test'],
        verify: options.verify ?? false,
      }),
    ];
    const bed = await openCredentialsBed({
      cluster,
      instance: prefix,
      providers: [bad, good],
      rules,
      ...(options.probe === undefined ? {} : { probe: options.probe }),
    });
    expect((await bed.run()).outcome).toMatchObject({ result: { state: 'done', written: { 'create-secret': 3 } } });
    const passwords = async (host: string) =>
      new Set((await secretsOf(cluster, prefix)).map((secret) => passwordIn(secret, host)));
    return { bed, bad, good, passwords, prefix, [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose]() };
  }

  const canary = `canary-answer-${randomUUID()}`;
  const throwing = (code: ErrorCode, retryable: boolean) => (): Promise<IssuedCredential> =>
    Promise.reject(
      new TransshipError(code, `the provider of bad.test: ${code}`, { retryable, hint: 'mend the provider' }),
    );
  const giving = (fields: Partial<IssuedCredential>) => (): Promise<IssuedCredential> =>
    Promise.resolve({
      username: 'AWS',
      secret: new Secret(canary),
      issuedAt: new Date(),
      expiresAt: new Date(Date.now() + HOUR_MS),
      identity: 'test bad.test',
      ...fields,
    });

  test.each([
    ['answers 4xx', throwing('denied', false)],
    ['refuses who we are', throwing('unauthorized', false)],
    ['answers 5xx', throwing('registry-unavailable', true)],
    ['does not answer in time', throwing('timeout', true)],
    ['cannot be reached', throwing('connection-failed', true)],
    ['sends garbage', throwing('invalid-response', true)],
    ['breaks our code', () => Promise.reject(new SyntaxError(`Unexpected token in ${canary}`))],
    ['gives an empty token', giving({ secret: new Secret('') })],
    ['gives no user', giving({ username: '' })],
    ['gives what is over already', giving({ expiresAt: new Date(Date.now() - 1000) })],
    ['gives what ends sooner', giving({ expiresAt: new Date(Date.now() + 10 * 60_000) })],
  ])('a provider that %s leaves its good Secrets, and the other one is renewed', async (_, answer) => {
    await using opened = await openBed();
    const { bed, bad, good, passwords } = opened;
    bed.restart();
    bad.answer = answer;
    const before = await passwords('bad.test');
    const { outcome } = await bed.run();
    expect(outcome).toMatchObject({ result: { state: 'done', secrets: 3, written: { 'update-secret': 3 } } });
    expect(await passwords('bad.test')).toEqual(before);
    expect(await passwords('good.test')).toEqual(new Set([good.secrets.at(-1)]));
    const told = JSON.stringify(outcome);
    expect(told).toContain('bad.test');
    expect(told).toContain('"hint"');
    expect(told).not.toContain(canary);
    expect(JSON.stringify(bed.lines)).not.toContain(canary);
    // and it is asked again soon
    const [next] = await bed.waiting();
    expect((next?.runAt.getTime() ?? Infinity) - Date.now()).toBeLessThan(6 * 60_000);

    bad.answer = undefined;
    bed.restart();
    await bed.run();
    expect(await passwords('bad.test')).toEqual(new Set([bad.secrets.at(-1)]));
  });

  test('a provider that hangs keeps nobody else waiting in a new namespace', async () => {
    await using opened = await openBed();
    const { bed, bad, passwords, prefix } = opened;
    bed.restart();
    const { promise, resolve } = Promise.withResolvers<IssuedCredential>();
    bad.answer = () => promise;
    const [namespace = ''] = await makeNamespaces(cluster, `${prefix}-new`, 1);
    await cluster.send({
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { prefix } } },
    });
    const startedAt = performance.now();
    await bed.run({ payload: { namespace, trigger: 'namespace' } });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(await passwords('good.test')).not.toContain(undefined);
    const [next] = await bed.waiting();
    expect(next?.payload).toMatchObject({ cluster: 'test', trigger: 'schedule' });
    resolve(await giving({})());
    await bed.run();
    expect(await passwords('bad.test')).toContain(canary);
  });

  test.each([
    ['expired', 2],
    ['refused', 1],
    ['unknown', 1],
  ] as const)('a credential that its registry calls %s is not distributed', async (state, calls) => {
    const verdicts = { isRefusing: false };
    await using opened = await openBed({
      verify: true,
      probe: (registry) =>
        Promise.resolve(
          registry === 'bad.test' && verdicts.isRefusing
            ? { state, message: 'it says no', hint: 'give it the right to pull' }
            : { state: 'ok', checked: 'pull' },
        ),
    });
    const { bed, bad, good, passwords } = opened;
    bed.restart();
    const before = await passwords('bad.test');
    verdicts.isRefusing = true;
    bad.calls = 0;
    const { outcome } = await bed.run();
    expect(outcome).toMatchObject({ result: { state: 'done', providers: [{ registry: 'bad.test' }] } });
    expect(JSON.stringify(outcome)).toContain('give it the right to pull');
    expect(bad.calls).toBe(calls);
    expect(await passwords('bad.test')).toEqual(before);
    expect(await passwords('good.test')).toEqual(new Set([good.secrets.at(-1)]));
    expect(bed.gauges.get('transship_credentials_provider_failing{"cluster":"test","registry":"bad.test"}')).toBe(1);
    expect(bed.gauges.get('transship_credentials_provider_failing{"cluster":"test","registry":"good.test"}')).toBe(0);
  });

  const unavailable = (code: ErrorCode, status?: number) =>
    new TransshipError(code, `cluster test: ${code}`, {
      retryable: true,
      hint: 'look at it',
      details: status === undefined ? {} : { status },
    });
  /** The first write in the first namespace of the test meets it, as often as said. */
  const firstWrites = (times: number, fault: (send: () => Promise<unknown>) => Promise<never>): Meddle => {
    let left = times;
    return async (request, send) => {
      if (!isWriteRequest(request) || !request.path.includes('-0000/') || left <= 0) return send();
      left -= 1;
      return fault(send);
    };
  };
  const refuse = (code: ErrorCode, status?: number) => () => Promise.reject(unavailable(code, status));

  test.each<[string, Meddle]>([
    ['409 four times', firstWrites(4, refuse('object-conflict', 409))],
    ['500 once', firstWrites(1, refuse('cluster-unavailable', 500))],
    ['no answer after the effect', firstWrites(1, (send) => send().then(refuse('timeout')))],
    ['a connection that is cut after the effect', firstWrites(1, (send) => send().then(refuse('connection-failed')))],
    ['422 once', firstWrites(1, refuse('object-refused', 422))],
  ])('an API server with %s gets all the same', async (_, meddle) => {
    await using opened = await openBed();
    const { bed, good, passwords } = opened;
    bed.restart();
    const { outcome } = await bed.run({ cluster: faultyCluster(cluster, meddle) });
    expect(outcome).toMatchObject({ result: { state: 'done', failures: { count: 0 } } });
    expect(await passwords('good.test')).toEqual(new Set([good.secrets.at(-1)]));
  });

  test.each<[string, ErrorCode, number]>([
    ['409 for ever', 'object-conflict', 409],
    ['500 for ever', 'cluster-unavailable', 500],
    ['403', 'denied', 403],
    ['422', 'object-refused', 422],
    ['429 that does not end', 'too-many-requests', 429],
  ])('one namespace in which the API server answers %s keeps no other from its own', async (_, code, status) => {
    await using opened = await openBed();
    const { bed, good, passwords, prefix } = opened;
    const before = await secretsOf(cluster, prefix);
    bed.restart();
    const broken = faultyCluster(cluster, firstWrites(Infinity, refuse(code, status)));
    const { outcome } = await bed.run({ cluster: broken });
    expect(outcome).toMatchObject({
      result: {
        state: 'partly',
        failures: { count: 1, first: [{ namespace: `${prefix}-0000`, object: 'Secret registry-pull', code }] },
        written: { 'update-secret': 2 },
      },
    });
    expect(await passwords('good.test')).toContain(passwordIn(before[0], 'good.test'));
    expect(await passwords('good.test')).toContain(good.secrets.at(-1));
    const [next] = await bed.waiting();
    expect((next?.runAt.getTime() ?? Infinity) - Date.now()).toBeLessThan(61_000);
    await bed.run();
    expect((await passwords('good.test')).size).toBe(1);
  });

  test('an API server that is away is waited for: the job is tried again, and its last try leaves another one', async () => {
    await using opened = await openBed();
    const { bed } = opened;
    const away = faultyCluster(cluster, () => Promise.reject(unavailable('connection-failed')));
    for (const job of await bed.waiting()) await bed.store.jobs.cancel(job.id);
    await expect(bed.run({ cluster: away })).rejects.toMatchObject({ code: 'connection-failed', retryable: true });
    expect(await bed.waiting()).toEqual([]);
    await expect(bed.run({ cluster: away, attempts: 8 })).rejects.toMatchObject({ code: 'connection-failed' });
    expect(await bed.waiting()).toMatchObject([{ payload: { cluster: 'test', trigger: 'schedule' } }]);
  });

  test('an API server that goes away in the middle ends the run, not the process', async () => {
    await using opened = await openBed();
    const { bed, prefix } = opened;
    bed.restart();
    let writes = 0;
    const partition = faultyCluster(cluster, (request, send) => {
      if (isWriteRequest(request)) writes += 1;
      return writes > 1 ? Promise.reject(unavailable('connection-failed')) : send();
    });
    const { outcome } = await bed.run({ cluster: partition });
    expect(outcome).toMatchObject({ result: { state: 'partly' } });
    await bed.run();
    expect((await secretsOf(cluster, prefix)).length).toBe(3);
  });

  test('a registry that nobody issues for is told with its reason, and the others go on', async () => {
    await using opened = await openBed();
    const { bed, good, passwords } = opened;
    bed.live.rules = bed.live.rules.map((rule) => ({ ...rule, registries: ['good.test', 'nobody.test'] }));
    bed.restart();
    const { outcome } = await bed.run();
    expect(JSON.stringify(outcome)).toContain('nobody issues a credential of nobody.test');
    expect(await passwords('good.test')).toEqual(new Set([good.secrets.at(-1)]));
  });
});
