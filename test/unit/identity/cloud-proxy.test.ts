// Which calls to a cloud take a proxy: as registries do, but metadata servers are asked directly whatever the environment says.
import { describe, expect, test } from 'vitest';
import { cloudProxyFor } from '../../../shared/identity/cloud-proxy.ts';
import { openCloudAgent } from '../../../shared/identity/open-cloud-agent.ts';
import { awsError } from '../../../shared/identity/aws-error.ts';
import { azureError } from '../../../shared/identity/azure-error.ts';
import { googleError } from '../../../shared/identity/google-error.ts';
import { proxyFailure } from '../../../shared/identity/proxy-failure.ts';

const PROXY = 'http://proxy.acme.io:3128';
const OTHER = 'http://other.acme.io:3128';
const BOTH = { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY };
const ECR = 'https://api.ecr.eu-west-1.amazonaws.com';

describe('a call to a cloud', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    [ECR, { HTTPS_PROXY: PROXY }, PROXY],
    [ECR, { https_proxy: PROXY, HTTPS_PROXY: OTHER }, PROXY],
    [ECR, { HTTP_PROXY: PROXY }, undefined],
    ['http://aws.acme.io:4566', { HTTP_PROXY: PROXY, HTTPS_PROXY: OTHER }, PROXY],
    [ECR, { ...BOTH, NO_PROXY: 'amazonaws.com' }, undefined],
    [ECR, { ...BOTH, no_proxy: '*' }, undefined],
    [ECR, { ...BOTH, NO_PROXY: 'api.ecr.eu-west-1.amazonaws.com:443' }, undefined],
    ['https://10.1.2.3', { ...BOTH, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://sts.eu-west-1.amazonaws.com', { ...BOTH, NO_PROXY: '.ecr.eu-west-1.amazonaws.com' }, PROXY],
    ['http://127.0.0.1:5000', BOTH, undefined],
  ])('of %s with %j takes %s', (url, env, expected) => {
    expect(cloudProxyFor(new URL(url), env)).toBe(expected);
  });

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/v2/credentials',
    'http://169.254.170.23/v1/credentials',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://[fe80::a9fe:a9fe]/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://metadata.google.internal./computeMetadata/v1/',
  ])('of the metadata server %s is made directly', (url) => {
    expect(cloudProxyFor(new URL(url), BOTH)).toBeUndefined();
  });

  test.each([
    'http://169.254.169.254.acme.io/',
    'http://metadata.google.internal.acme.io/',
    'http://xmetadata.google.internal/',
    'http://[fd00:ec2::2540]/',
    'http://1169.254.1.1.acme.io/',
  ])('of %s, which only looks like one, takes the proxy', (url) => {
    expect(cloudProxyFor(new URL(url), BOTH)).toBe(PROXY);
  });

  test.each([
    ['http://metadata.acme.io/', { GCE_METADATA_HOST: 'metadata.acme.io' }],
    ['http://metadata.acme.io:8080/', { GCE_METADATA_HOST: 'metadata.acme.io:8080' }],
    ['http://10.9.8.7:8081/msi/token', { IDENTITY_ENDPOINT: 'http://10.9.8.7:8081/msi/token' }],
  ])('of %s, the metadata server by %j, is made directly', (url, env) => {
    expect(cloudProxyFor(new URL(url), { ...BOTH, ...env })).toBeUndefined();
  });

  test('needs no agent where no proxy is named', async () => {
    expect(await openCloudAgent({ HTTPS_PROXY: '', NO_PROXY: '*', ALL_PROXY: PROXY })).toBeUndefined();
    expect(await openCloudAgent({ http_proxy: PROXY })).toBeDefined();
  });
});

describe('a refusal of the proxy', () => {
  const proxy = new URL('http://someone:pa55word@proxy.acme.io:3128');
  const call = { action: 'ecr:GetAuthorizationToken', what: 'host', details: { operation: 'log in' } };
  // what node-fetch makes of it, of which only code and message are left
  const fetched = (error: Error) =>
    Object.assign(new Error(`request to https://x failed, reason: ${error.message}`), {
      code: Reflect.get(error, 'code'),
    });

  test.each([
    [407, /it answered 407 instead of opening a tunnel$/, /wants a login: .*http:\/\/user:password@host:port/],
    [403, /it answered 403/, /NO_PROXY/],
    ['ECONNREFUSED', /connection refused/, /NO_PROXY/],
    ['ENOTFOUND', /no such host/, /NO_PROXY/],
    ['ETIMEDOUT', /in time/, /NO_PROXY/],
    ['LOGIN', /does not take this login/, /wants a login/],
    ['CERT_HAS_EXPIRED', /cannot be used/, /NO_PROXY/],
  ])('%s is told with its host and what to do, for every cloud, and without its login', (reason, message, hint) => {
    const failure = proxyFailure(proxy, reason);
    const told = [
      awsError(failure, call),
      googleError(new Error('x', { cause: fetched(failure) }), undefined),
      azureError(Object.assign(new Error('network_error: see'), { errorCode: 'network_error' }), 'somebody', failure),
    ];
    for (const error of told) {
      expect(error).toMatchObject({ code: 'connection-failed', retryable: true, hint: expect.stringMatching(hint) });
      expect(error.message).toMatch(message);
      expect(error.message).toContain('the proxy proxy.acme.io:3128');
      expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toMatch(
        /pa55|someone/,
      );
    }
  });
});
