// Where the APIs of AWS are, in each of its partitions and as the environment says.
import { expect, test } from 'vitest';
import { awsEndpoint } from '../../../shared/identity/aws-endpoint.ts';

test.each([
  ['eu-west-1', {}, 'https://eks.eu-west-1.amazonaws.com/'],
  ['cn-north-1', {}, 'https://eks.cn-north-1.amazonaws.com.cn/'],
  ['us-gov-west-1', { AWS_USE_FIPS_ENDPOINT: 'true' }, 'https://eks-fips.us-gov-west-1.amazonaws.com/'],
  ['us-iso-east-1', {}, 'https://eks.us-iso-east-1.c2s.ic.gov/'],
  ['us-isob-east-1', {}, 'https://eks.us-isob-east-1.sc2s.sgov.gov/'],
  ['eu-isoe-west-1', {}, 'https://eks.eu-isoe-west-1.cloud.adc-e.uk/'],
  ['us-isof-south-1', {}, 'https://eks.us-isof-south-1.csp.hci.ic.gov/'],
  ['eusc-de-east-1', {}, 'https://eks.eusc-de-east-1.amazonaws.eu/'],
  ['eu-west-1', { AWS_USE_DUALSTACK_ENDPOINT: 'TRUE' }, 'https://eks.eu-west-1.api.aws/'],
  ['cn-north-1', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'https://eks.cn-north-1.api.amazonwebservices.com.cn/'],
  ['eu-west-1', { AWS_ENDPOINT_URL: 'http://127.0.0.1:5000' }, 'http://127.0.0.1:5000/'],
  ['eu-west-1', { AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_EKS: 'http://one' }, 'http://one/'],
  [
    'eu-west-1',
    { AWS_ENDPOINT_URL: 'http://all', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
    'https://eks.eu-west-1.amazonaws.com/',
  ],
])('%s with %o', (region, env, url) => {
  expect(awsEndpoint({ host: 'eks', variable: 'EKS', region }, env).href).toBe(url);
});

test('an address that is none is told with the name of its variable', () => {
  const find = () =>
    awsEndpoint({ host: 'eks', variable: 'EKS', region: 'eu-west-1' }, { AWS_ENDPOINT_URL_EKS: 'eks' });
  expect(find).toThrow(expect.objectContaining({ code: 'invalid-config', message: 'AWS_ENDPOINT_URL_EKS is no URL' }));
});
