// The secrets that a part of the configuration refers to: of Secrets Manager and of Systems Manager. Those of other places are no matter of
// policies.
import { sub } from '../fragment.ts';
import { allowIfAny, type Statement } from './statement.ts';

type Found = { secrets: Set<string>; parameters: Set<string> };

/** Six characters that AWS puts behind the name: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html */
const SUFFIX = '-??????';

/** References may stand anywhere in it. */
export function secretCalls(part: unknown): Statement[] {
  const { secrets, parameters } = secretsIn(part);
  return [
    ...allowIfAny('ReadSecrets', ['secretsmanager:GetSecretValue'], [...secrets].toSorted().map(secretArn)),
    ...allowIfAny('ReadParameters', ['ssm:GetParameter'], [...parameters].toSorted().map(parameterArn)),
  ];
}

/** Ids of secrets and names of parameters, as the configuration has them. */
export function secretsIn(part: unknown): { secrets: readonly string[]; parameters: readonly string[] } {
  const found: Found = { secrets: new Set(), parameters: new Set() };
  collect(part, found);
  return { secrets: [...found.secrets].toSorted(), parameters: [...found.parameters].toSorted() };
}

function collect(value: unknown, found: Found): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === 'awsSecret' && hasText(member, 'id')) found.secrets.add(member.id);
    else if (key === 'awsParameter' && hasText(member, 'name')) found.parameters.add(member.name);
    else collect(member, found);
  }
}

function hasText<Key extends string>(value: unknown, key: Key): value is Record<Key, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Object.entries(value).find(([name]) => name === key)?.[1] === 'string'
  );
}

/** An ARN may be whole or without its last six characters; a name that ends like one is taken for both. */
function secretArn(id: string): unknown {
  if (id.startsWith('arn:')) return /-[a-zA-Z0-9]{6}$/.test(id) ? id : `${id}${SUFFIX}`;
  return sub(`arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${id}${SUFFIX}`);
}

/** A version or label behind ":" is no part of the ARN. https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html */
function parameterArn(name: string): unknown {
  if (name.startsWith('arn:')) return name.replace(/(:parameter\/[^:]+):.*$/, '$1');
  const path = name.replace(/:.*$/, '').replace(/^\//, '');
  return sub(`arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/${path}`);
}
