// What `aws doctor` says of EKS clusters and quotas, against a server that answers in the documented format of EKS and Lambda: moto knows
// neither access entries nor the settings of an account.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AwsPlace } from '../../../infra/cli/aws/aws-place.ts';
import { checkClusters } from '../../../infra/cli/aws/checks/clusters.ts';
import { checkQuota, workersAtOnce } from '../../../infra/cli/aws/checks/quota.ts';
import type { DeployedFunction } from '../../../infra/cli/aws/functions-of.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { configOf } from '../../support/config-of.ts';

const ROLE = 'arn:aws:iam::123456789012:role/transship-prod-RefreshCredentialsRole';
const FUNCTION: DeployedFunction = {
  name: 'refresh-credentials',
  state: 'Active',
  trouble: '',
  roleArn: ROLE,
  subnets: 0,
  environment: {},
};
const OPEN = {
  status: 'ACTIVE',
  resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
  accessConfig: { authenticationMode: 'API' },
};
const PRIVATE = { ...OPEN, resourcesVpcConfig: { endpointPublicAccess: false } };
const CONFIG = configOf('clusters: [{ name: prod, eks: { region: eu-west-1, cluster: main } }]');

let aws: BareServer;
let answers: Record<string, unknown>;
let place: AwsPlace;

beforeAll(async () => {
  aws = await startBareServer((request, response) => {
    request.resume();
    const body = answers[decodeURIComponent(request.url ?? '')];
    const missing = { message: 'No such thing' };
    const type = { 'x-amzn-errortype': 'ResourceNotFoundException:http://internal.amazon.com/' };
    response.writeHead(body === undefined ? 404 : 200, body === undefined ? type : {});
    response.end(JSON.stringify(body ?? missing));
  });
  const identity = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'x' };
  for (const [name, value] of Object.entries(identity)) vi.stubEnv(name, value);
  place = {
    stage: 'prod',
    region: 'eu-west-1',
    regionFrom: '--region',
    stack: 'transship-prod',
    surroundings: { identity: {}, env: { ...identity, AWS_ENDPOINT_URL: aws.url }, now: Date.now },
  };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});
beforeEach(() => void (answers = {}));

async function look(cluster: unknown, entry?: unknown, functions: readonly DeployedFunction[] = [FUNCTION]) {
  if (cluster !== undefined) answers['/clusters/main'] = { cluster };
  if (entry !== undefined) answers[`/clusters/main/access-entries/${ROLE}`] = { accessEntry: entry };
  const found = await checkClusters(place, CONFIG, functions, { assumesRoles: false });
  return found.map(({ id, state, message, hint }) => ({ id, state, text: `${message} ${hint ?? ''}` }));
}

describe('an EKS cluster', () => {
  it('is well where it is reached and knows the role', async () => {
    const found = await look(OPEN, { kubernetesGroups: ['transship'] });
    expect(found).toMatchObject([
      { id: 'clusters', state: 'ok' },
      { id: 'access-entries', state: 'ok', text: expect.stringContaining('transship') },
    ]);
  });

  it('that does not know the role says how to make the entry', async () => {
    const [, entry] = await look(OPEN);
    expect(entry).toMatchObject({ state: 'fail', text: expect.stringContaining(`--principal-arn ${ROLE}`) });
  });

  it('that knows it without a group gives it no rights yet', async () => {
    const [, entry] = await look(OPEN, { kubernetesGroups: [], username: ROLE });
    expect(entry).toMatchObject({ state: 'warn', text: expect.stringContaining('update-access-entry') });
  });

  it('that is not there is a fault of the configuration', async () => {
    expect(await look(undefined)).toMatchObject([{ id: 'clusters', state: 'fail' }]);
  });

  it('with a private address is reached from its VPC only', async () => {
    const [outside] = await look(PRIVATE, { kubernetesGroups: ['transship'] });
    expect(outside).toMatchObject({ state: 'fail', text: expect.stringContaining('subnetIds') });
    const [inside] = await look(PRIVATE, undefined, [{ ...FUNCTION, subnets: 2 }]);
    expect(inside).toMatchObject({ state: 'ok' });
  });

  it('that goes by its ConfigMap cannot be looked into', async () => {
    const [, entry] = await look({ ...OPEN, accessConfig: { authenticationMode: 'CONFIG_MAP' } });
    expect(entry).toMatchObject({ state: 'warn', text: expect.stringContaining('API_AND_CONFIG_MAP') });
  });
});

describe('the quota of concurrent executions', () => {
  it.each([
    [1000, 'ok'],
    [workersAtOnce() + 1, 'warn'],
    [10, 'fail'],
  ])('of %i is %s', async (free, state) => {
    answers['/2016-08-19/account-settings/'] = {
      AccountLimit: { ConcurrentExecutions: free, UnreservedConcurrentExecutions: free },
    };
    expect(await checkQuota(place)).toMatchObject([{ id: 'quota', state }]);
  });
});
