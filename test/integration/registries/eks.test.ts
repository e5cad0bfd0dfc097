// A cluster of EKS by the AWS API of a moto server: it is found by a call that is signed here, not by a client of the SDK, and by a role
// that is assumed through another one.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { callAws } from '../../../shared/identity/aws-call.ts';
import { eksLogin } from '../../../shared/identity/aws-eks.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const REGION = 'eu-west-1';
const ROLE = 'arn:aws:iam::123456789012:role/transship';
const HOP = 'arn:aws:iam::123456789012:role/hop';
let moto: Moto;

// Without moto there is no AWS to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('EKS', () => {
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
  });
  beforeEach(() => {
    for (const [name, value] of Object.entries(moto.env)) vi.stubEnv(name, value);
    for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
  });
  afterAll(async () => {
    await moto[Symbol.asyncDispose]();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('a cluster is found with its address and its authority', async () => {
    const roleArn = ROLE;
    await createCluster('prod');
    const surroundings = { env: process.env, now: Date.now };
    const login = await eksLogin({ region: REGION, cluster: 'prod', roleArn }, surroundings);
    expect(login.server).toMatch(/^https:\/\/.+\.eks\.amazonaws\.com\/?$/);
    expect(login.certificateAuthority).not.toBe('');
    const { token } = await login.token();
    const url = new URL(Buffer.from(token.reveal().replace('k8s-aws-v1.', ''), 'base64url').toString());
    // the session of the role, which moto gave
    expect(url.searchParams.get('X-Amz-Security-Token')).toBeTruthy();
  });

  test('a role is assumed by another one on the way', async () => {
    await createCluster('chained');
    const { body } = await describeChained();
    expect(body).toHaveProperty('cluster.name', 'chained');
  });

  test('a cluster that is not there is told as such', async () => {
    const login = eksLogin({ region: REGION, cluster: 'gone' }, { env: process.env, now: Date.now });
    await expect(login).rejects.toMatchObject({ code: 'not-found' });
  });
});

function callEks(
  method: 'GET' | 'POST',
  path: string,
  identity: { roleArn?: string; roleChain?: string[] },
  body?: unknown,
) {
  const call = {
    method,
    url: new URL(path, moto.url),
    service: 'eks',
    region: REGION,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    action: 'eks:Any',
    what: 'moto',
    details: {},
  };
  return callAws(call, { identity, env: process.env, now: Date.now });
}

async function createCluster(name: string): Promise<void> {
  const body = { name, roleArn: ROLE, resourcesVpcConfig: { subnetIds: ['subnet-1'] } };
  await callEks('POST', '/clusters', {}, body);
}

function describeChained() {
  return callEks('GET', '/clusters/chained', { roleArn: ROLE, roleChain: [HOP] });
}
