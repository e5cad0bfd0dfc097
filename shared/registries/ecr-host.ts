// What the host of a private ECR registry tells: account, region, and which addresses belong to it.

// The forms of every partition, FIPS and dual-stack: https://github.com/kubernetes/cloud-provider-aws/blob/master/cmd/ecr-credential-provider/main.go
const HOST =
  /^(?<account>\d{12})\.dkr[.-]ecr(?<fips>-fips)?\.(?<region>[a-z0-9][a-z0-9_-]*)\.(?:amazonaws\.(?:com(?<china>\.cn)?|eu)|(?<dualStack>on)\.(?:aws|amazonwebservices\.com(?<dualStackChina>\.cn))|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

export type EcrHost = { account: string; region: string; isFips: boolean; isChina: boolean; isDualStack: boolean };

/** Undefined for every other host. */
export function parseEcrHost(host: string): EcrHost | undefined {
  const groups = HOST.exec(host)?.groups;
  if (groups === undefined) return undefined;
  return {
    account: groups['account'] ?? '',
    region: groups['region'] ?? '',
    isFips: groups['fips'] !== undefined,
    isChina: groups['china'] !== undefined || groups['dualStackChina'] !== undefined,
    isDualStack: groups['dualStack'] !== undefined,
  };
}
