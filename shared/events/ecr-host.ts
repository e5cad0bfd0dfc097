// The host name of a private ECR registry, which its events tell as account and region.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html

const ACCOUNT = /^\d{12}$/;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;

/** Null for what is no account or region, and for isolated regions, whose domains are their own. */
export function ecrHost(account: string | null, region: string | null): string | null {
  if (account === null || region === null || !ACCOUNT.test(account) || !REGION.test(region)) return null;
  if (region.includes('-iso')) return null;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${account}.dkr.ecr.${region}.${domain}`;
}
