// Where an API of AWS is: as the environment says, else by the rules of the region's partition, FIPS and dual-stack included.
import { TransshipError } from '../errors.ts';
import { awsPartition } from './aws-partition.ts';

type Wanted = {
  /** As in its addresses: `eks`, `api.ecr-public`. */
  host: string;
  /** As in `AWS_ENDPOINT_URL_<SERVICE>`: `EKS`. */
  variable: string;
  region: string;
};

/**
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * @throws TransshipError invalid-config
 */
export function awsEndpoint({ host, variable, region }: Wanted, env: NodeJS.ProcessEnv): URL {
  const ignored = env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true';
  for (const name of ignored ? [] : [`AWS_ENDPOINT_URL_${variable}`, 'AWS_ENDPOINT_URL']) {
    const text = env[name] ?? '';
    if (text === '') continue;
    if (URL.canParse(text)) return new URL(text);
    throw new TransshipError('invalid-config', `${name} is no URL`, {
      hint: `write it like https://host, or unset ${name}`,
    });
  }
  const { dnsSuffix, dualStackSuffix } = awsPartition(region);
  const fips = isTrue(env['AWS_USE_FIPS_ENDPOINT']) ? '-fips' : '';
  const suffix = isTrue(env['AWS_USE_DUALSTACK_ENDPOINT']) ? dualStackSuffix : dnsSuffix;
  return new URL(`https://${host}${fips}.${region}.${suffix}/`);
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}
