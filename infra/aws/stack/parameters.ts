// What may differ between deployments of one template: parameters of CloudFormation, all with a default that leaves them out, and the
// conditions that follow from them. Their defaults are the `params` of serverless.yml, not values beside the template (`stackParameters`):
// osls would give these to the template of its first step too, which has only its bucket, and CloudFormation refuses a parameter that no
// template asks for.
import { ref, type Fragment } from './fragment.ts';

/** Empty: nobody is written to. */
export const ALARM_EMAIL = 'AlarmEmail';
/** A topic of SNS that exists; empty: alarms are only seen in CloudWatch, or go to the address. */
export const ALARM_TOPIC = 'AlarmTopicArn';
/** Accounts whose events may come by the bus, separated by commas. */
export const OTHER_ACCOUNTS = 'OtherAccounts';
export const SUBNETS = 'SubnetIds';
export const SECURITY_GROUPS = 'SecurityGroupIds';
/** Keys of KMS by which secrets are encrypted that the configuration refers to, where that is not the key of AWS. */
export const SECRET_KEYS = 'SecretKeyArns';
/** A parameter of Systems Manager with the configuration, in place of the object in the bucket; it begins with "/". */
export const CONFIG_PARAMETER = 'ConfigParameter';

export const HAS_ALARM_EMAIL = 'HasAlarmEmail';
export const HAS_ALARM_TOPIC = 'HasAlarmTopic';
export const HAS_OTHER_ACCOUNTS = 'HasOtherAccounts';
export const HAS_VPC = 'HasVpc';
export const HAS_SECRET_KEYS = 'HasSecretKeys';
export const HAS_CONFIG_PARAMETER = 'HasConfigParameter';

/** @param param as serverless.yml calls it */
const list = (param: string, Description: string, AllowedPattern: string) => ({
  Type: 'CommaDelimitedList',
  Default: `\${param:${param}}`,
  Description,
  AllowedPattern,
});
/** @param param as serverless.yml calls it */
const text = (param: string, Description: string, AllowedPattern: string) => ({
  Type: 'String',
  Default: `\${param:${param}}`,
  Description,
  AllowedPattern,
});

const isThere = (parameter: string) => ({ 'Fn::Not': [{ 'Fn::Equals': [ref(parameter), ''] }] });
const hasAny = (parameter: string) => ({
  'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Join': ['', ref(parameter)] }, ''] }],
});

export const parameters = {
  Parameters: {
    [ALARM_EMAIL]: text('alarmEmail', 'Whom alarms are sent to', '(.+@.+)?'),
    [ALARM_TOPIC]: text('alarmTopicArn', 'An SNS topic that alarms are sent to', '(arn:.+)?'),
    [OTHER_ACCOUNTS]: list('otherAccounts', 'AWS accounts whose ECR events come by the bus', '([0-9]{12})?'),
    [SUBNETS]: list('subnetIds', 'Subnets of the functions', '(subnet-[0-9a-f]+)?'),
    [SECURITY_GROUPS]: list(
      'securityGroupIds',
      'Security groups of the functions, where they have subnets',
      '(sg-[0-9a-f]+)?',
    ),
    [SECRET_KEYS]: list('secretKeyArns', 'KMS keys of the secrets that the configuration refers to', '(arn:.+)?'),
    [CONFIG_PARAMETER]: text(
      'configParameter',
      'A parameter of Systems Manager that holds the configuration',
      '(/[a-zA-Z0-9_.-]+)*',
    ),
  },
  Conditions: {
    [HAS_ALARM_EMAIL]: isThere(ALARM_EMAIL),
    [HAS_ALARM_TOPIC]: isThere(ALARM_TOPIC),
    [HAS_OTHER_ACCOUNTS]: hasAny(OTHER_ACCOUNTS),
    [HAS_VPC]: hasAny(SUBNETS),
    [HAS_SECRET_KEYS]: hasAny(SECRET_KEYS),
    [HAS_CONFIG_PARAMETER]: isThere(CONFIG_PARAMETER),
  },
  Resources: {},
  Outputs: {
    // also keeps the condition in use where no secret is referred to: CloudFormation's linter wants no idle ones
    SecretKeyArns: {
      Description: 'Keys by which secrets are encrypted',
      Condition: HAS_SECRET_KEYS,
      Value: { 'Fn::Join': [',', ref(SECRET_KEYS)] },
    },
  },
} satisfies Fragment;
