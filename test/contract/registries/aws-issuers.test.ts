// Credentials of ECR and ECR Public, and tokens for clusters of EKS, against answers of AWS's documented wire formats: what is sent,
// what is made of it, and what is said where it fails.
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { eksLogin } from '../../../shared/identity/aws-eks.ts';
import { ecrIssuer } from '../../../shared/registries/ecr-issuer.ts';
import { ecrPublicIssuer } from '../../../shared/registries/ecr-public-issuer.ts';
import { startBareServer, type BareServer } from '../../support/bare-server.ts';
import { rejectionOf } from '../../support/clouds/rejection.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const HOUR = 3_600_000;
const SECRET_KEY = `secret-key-canary-${randomUUID()}`;
const SURROUNDINGS = () => ({ env: process.env, now: Date.now });

type Answer = { status: number; headers?: Record<string, string>; body?: unknown };

let aws: BareServer;
let bodies: string[];
/** Undefined cuts the connection. */
let answerOf: (target: string) => Answer | undefined | Promise<Answer>;

beforeEach(async () => {
  bodies = [];
  aws = await startBareServer(async (request, response) => {
    bodies.push(await text(request));
    const found = await answerOf(String(request.headers['x-amz-target'] ?? request.url));
    if (found === undefined) return request.socket.destroy();
    const { status, headers = {}, body } = found;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
    return response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  });
  const env = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: SECRET_KEY,
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_SESSION_TOKEN', 'HTTP_PROXY', 'http_proxy'])
    vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

function issuer(host = HOST) {
  return ecrIssuer({ host, aliases: [], env: process.env }, {});
}

function publicIssuer() {
  return ecrPublicIssuer({ host: 'public.ecr.aws', aliases: [], env: process.env }, {});
}

function tokenOf(password: string, clockMs = Date.now()): Answer {
  const data = {
    authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
    expiresAt: clockMs / 1000 + 12 * 3600,
    proxyEndpoint: `https://${HOST}`,
  };
  return { status: 200, headers: { date: new Date(clockMs).toUTCString() }, body: { authorizationData: [data] } };
}

describe('a token of ECR', () => {
  test.each([0, HOUR, -HOUR])('ends on our clock, with that of AWS %d ms ahead', async (offsetMs) => {
    const password = `canary-${randomUUID()}`;
    answerOf = () => tokenOf(password, Date.now() + offsetMs);
    const issued = await issuer().issue();
    expect(issued).toMatchObject({ username: 'AWS', identity: 'the AWS default chain (account 123456789012)' });
    expect(issued.secret.reveal()).toBe(password);
    const lifeMs = (issued.expiresAt?.getTime() ?? 0) - Date.now();
    expect(Math.abs(lifeMs - 12 * HOUR)).toBeLessThan(5_000);
  });

  test.each([
    '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com',
    '123456789012.dkr-ecr.eu-west-1.on.aws',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    '123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov',
  ])('is asked for at the endpoint of the environment for %s', async (host) => {
    answerOf = () => tokenOf(`canary-${randomUUID()}`);
    await issuer(host).issue();
    const [request] = aws.requests;
    expect(request?.headers).toMatchObject({
      'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
      authorization: expect.stringMatching(new RegExp(`/${host.split('.')[host.includes('dkr-ecr') ? 2 : 3]}/ecr/`)),
    });
  });
});

describe('a token of ECR Public', () => {
  test('comes from us-east-1, in an object of its own', async () => {
    const password = `canary-${randomUUID()}`;
    const authorizationData = {
      authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
      expiresAt: Date.now() / 1000 + 12 * 3600,
    };
    answerOf = () => ({ status: 200, body: { authorizationData } });
    const issued = await publicIssuer().issue();
    expect(issued.secret.reveal()).toBe(password);
    expect(aws.requests[0]?.headers).toMatchObject({
      'x-amz-target': 'SpencerFrontendService.GetAuthorizationToken',
      'content-type': 'application/x-amz-json-1.1',
      authorization: expect.stringContaining('/us-east-1/ecr-public/aws4_request'),
    });
    expect(bodies).toEqual(['{}']);
  });

  test.each<[string, Answer | undefined, string, RegExp]>([
    ['another region', { status: 400, body: { __type: 'UnsupportedCommandException' } }, 'invalid-config', /us-east-1/],
    [
      'a lacking right',
      { status: 400, body: { __type: 'com.amazonaws#AccessDeniedException' } },
      'denied',
      /sts:GetServiceBearerToken/,
    ],
    [
      'a wrong key',
      { status: 403, headers: { 'x-amzn-errortype': 'UnrecognizedClientException:http://x' } },
      'unauthorized',
      /AWS identity/,
    ],
    ['a status of 500', { status: 500, body: '<html>' }, 'registry-unavailable', /later/],
    ['garbage', { status: 200, body: '<html>' }, 'invalid-response', /AWS_ENDPOINT_URL/],
    ['no token', { status: 200, body: { authorizationData: {} } }, 'invalid-response', /AWS_ENDPOINT_URL/],
    ['a cut connection', undefined, 'connection-failed', /network/],
  ])('says what is wrong at %s', async (_, answer, code, hint) => {
    answerOf = () => answer;
    expect(await rejectionOf(publicIssuer().issue())).toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
});

const echo = `token-canary-${randomUUID()}`;
const refused = (type: string, status = 400): Answer => ({
  status,
  body: { __type: type, message: `refused ${echo}` },
});

test.each<[string, Answer | undefined, string, RegExp, boolean]>([
  ['a lacking right', refused('AccessDeniedException'), 'denied', /allow ecr:GetAuthorizationToken/, false],
  ['a token that ended', refused('ExpiredTokenException'), 'unauthorized', /AWS identity/, false],
  ['an unknown key', refused('UnrecognizedClientException'), 'unauthorized', /AWS identity/, false],
  [
    'a clock that is wrong',
    {
      status: 403,
      body: { __type: 'InvalidSignatureException', message: 'Signature expired: 1 is now earlier than 2' },
    },
    'unauthorized',
    /clock/,
    true,
  ],
  ['throttling', refused('ThrottlingException'), 'too-many-requests', /later/, true],
  ['a status of 429', refused('X', 429), 'too-many-requests', /later/, true],
  ['a failure of AWS', refused('ServerException', 500), 'registry-unavailable', /later/, true],
  ['an invalid request', refused('InvalidParameterException'), 'registry-error', /documentation/, false],
  ['garbage', { status: 200, body: `<html>${echo}` }, 'invalid-response', /AWS_ENDPOINT_URL/, true],
  [
    'an empty token',
    { status: 200, body: { authorizationData: [{ authorizationToken: '' }] } },
    'invalid-response',
    /AWS_ENDPOINT_URL/,
    false,
  ],
  ['no data', { status: 200, body: {} }, 'invalid-response', /AWS_ENDPOINT_URL/, false],
  ['a cut connection', undefined, 'connection-failed', /network/, true],
])('says what is wrong with a token of ECR, and no secret: %s', async (_, answer, code, hint, retryable) => {
  answerOf = () => answer;
  const failure = await rejectionOf(issuer().issue());
  expect(failure).toMatchObject({
    code,
    retryable,
    hint: expect.stringMatching(hint),
    message: expect.stringContaining(HOST),
  });
  const shown = inspect(failure, { depth: 10, showHidden: true });
  for (const secret of [SECRET_KEY, echo]) expect(shown).not.toContain(secret);
});

test('says that a role may not be assumed, and by whom it is to be trusted', async () => {
  answerOf = (target) =>
    target.includes('GetAuthorizationToken')
      ? tokenOf('x')
      : {
          status: 403,
          headers: { 'content-type': 'text/xml' },
          body: '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/me is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>',
        };
  const identity = { roleArn: 'arn:aws:iam::123456789012:role/pull' };
  const failure = ecrIssuer({ host: HOST, aliases: [], env: process.env }, identity).issue();
  await expect(failure).rejects.toMatchObject({ code: 'denied', hint: expect.stringMatching(/trust policy/) });
});

test('an issue that is called off ends at once', async () => {
  const waiting = Promise.withResolvers<Answer>();
  answerOf = () => waiting.promise;
  const caller = new AbortController();
  const failure = rejectionOf(issuer().issue({ signal: caller.signal }));
  await vi.waitUntil(() => aws.requests.length > 0);
  caller.abort();
  expect(await failure).toMatchObject({ code: 'interrupted' });
  waiting.resolve({ status: 500 });
});

describe('a cluster of EKS', () => {
  const settings = { region: 'eu-west-1', cluster: 'prod' };
  const describeAnswer = (cluster: unknown): Answer => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { cluster },
  });

  test('is found by a signed call, and takes a presigned question as token', async () => {
    const data = Buffer.from('-----BEGIN CERTIFICATE-----\nEKS').toString('base64');
    answerOf = () =>
      describeAnswer({ endpoint: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com', certificateAuthority: { data } });
    const login = await eksLogin(settings, SURROUNDINGS());
    expect(login).toMatchObject({
      server: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com',
      certificateAuthority: '-----BEGIN CERTIFICATE-----\nEKS',
    });
    expect(aws.requests[0]).toMatchObject({
      path: '/clusters/prod',
      headers: { authorization: expect.stringContaining('/eu-west-1/eks/aws4_request') },
    });
    const { token, expiresAt } = await login.token();
    expect(token.reveal()).toMatch(/^k8s-aws-v1\.[\w-]+$/);
    const url = new URL(Buffer.from(token.reveal().slice('k8s-aws-v1.'.length), 'base64url').toString());
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
    expect(url.searchParams.get('Action')).toBe('GetCallerIdentity');
    expect(Math.round((expiresAt.getTime() - Date.now()) / 60_000)).toBe(14);
  });

  test('whose address is configured is not looked for', async () => {
    answerOf = () => refused('AccessDeniedException', 403);
    vi.stubEnv('AWS_ENDPOINT_URL', undefined);
    const login = await eksLogin(
      { ...settings, endpoint: 'https://10.0.0.1', certificateAuthority: 'PEM' },
      SURROUNDINGS(),
    );
    expect(login).toMatchObject({ server: 'https://10.0.0.1', certificateAuthority: 'PEM' });
    const { token } = await login.token();
    const url = new URL(Buffer.from(token.reveal().slice('k8s-aws-v1.'.length), 'base64url').toString());
    expect(url.origin).toBe('https://sts.eu-west-1.amazonaws.com');
    expect(aws.requests).toEqual([]);
  });

  test.each<[string, Answer, string, RegExp]>([
    [
      'is not there',
      {
        status: 404,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
        body: { message: 'No cluster found for name: prod.' },
      },
      'not-found',
      /name and region/,
    ],
    [
      'may not be seen',
      { status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' } },
      'denied',
      /eks:DescribeCluster/,
    ],
    ['is being made', describeAnswer({ status: 'CREATING' }), 'invalid-response', /active/],
  ])('that %s says what to do', async (_, answer, code, hint) => {
    answerOf = () => answer;
    expect(await rejectionOf(eksLogin(settings, SURROUNDINGS()))).toMatchObject({
      code,
      hint: expect.stringMatching(hint),
    });
  });
});
