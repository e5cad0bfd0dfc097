// Signatures of AWS by the examples that AWS documents, and by the form that its clusters expect.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { presignedUrl, signedHeaders } from '../../../shared/identity/aws-sign.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

// the keys of AWS's own examples
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY') };
const at = new Date('2015-08-30T12:36:00.123Z');

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
test('signs the request of the documentation as the documentation does', () => {
  const signed = signedHeaders(
    {
      method: 'GET',
      url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: '',
    },
    { keys, region: 'us-east-1', service: 'iam', at },
  );
  expect(signed['x-amz-date']).toBe('20150830T123600Z');
  expect(signed['authorization']).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  );
});

// https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4: get-vanilla, post-vanilla, get-vanilla-query-order-key
test.each([
  ['GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ['GET', '/?Param2=value2&Param1=value1', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'],
])('signs %s %s as the test suite of AWS does', (method, path, signature) => {
  const signed = signedHeaders(
    { method, url: new URL(path, 'https://example.amazonaws.com'), headers: {}, body: '' },
    { keys, region: 'us-east-1', service: 'service', at },
  );
  expect(signed['authorization']).toContain(`Signature=${signature}`);
});

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
test.each([
  {
    method: 'GET',
    path: '/test.txt',
    headers: { range: 'bytes=0-9' },
    body: '',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    method: 'PUT',
    path: '/test$file.text',
    headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
    body: 'Welcome to Amazon S3.',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
])('signs $method $path for S3 as its documentation does', ({ method, path, headers, body, signature }) => {
  const signed = signedHeaders(
    { method, url: new URL(path, 'https://examplebucket.s3.amazonaws.com'), headers, body },
    {
      keys: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
      },
      region: 'us-east-1',
      service: 's3',
      at: new Date('2013-05-24T00:00:00Z'),
    },
  );
  expect(signed['authorization']).toContain(`Signature=${signature}`);
});

test('signs a session token with the rest, and shows none of the secrets', () => {
  const sessionToken = `session-${randomUUID()}`;
  const signed = signedHeaders(
    { method: 'POST', url: new URL('https://api.ecr-public.us-east-1.amazonaws.com/'), headers: {}, body: '{}' },
    { keys: { ...keys, sessionToken: new Secret(sessionToken) }, region: 'us-east-1', service: 'ecr-public', at },
  );
  expect(signed['x-amz-security-token']).toBe(sessionToken);
  expect(signed['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token');
  expect(signed['authorization']).not.toContain(keys.secretAccessKey.reveal());
});

test('presigns a URL with the headers that must come with it', () => {
  const url = presignedUrl(
    {
      url: new URL('https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15'),
      headers: { 'x-k8s-aws-id': 'prod' },
      lifeSeconds: 60,
    },
    { keys: { ...keys, sessionToken: new Secret('a/b+c=') }, region: 'eu-west-1', service: 'sts', at },
  );
  expect(Object.fromEntries(url.searchParams)).toEqual({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20150830/eu-west-1/sts/aws4_request',
    'X-Amz-Date': '20150830T123600Z',
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    'X-Amz-Security-Token': 'a/b+c=',
    // as botocore 1.x signs the same
    'X-Amz-Signature': '164236d737ba5f7dbefa0e81794bd33d05b23e47d395bba0013f70985bda0ad3',
  });
});
