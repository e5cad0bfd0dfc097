// The bus to which other accounts send the events of their ECR registries; those of this account come by the default bus. The rules
// themselves stand in serverless.yml.
import { arnOf, ref, sub, type Fragment } from './fragment.ts';
import { PUSH_BUS } from './names.ts';
import { HAS_OTHER_ACCOUNTS, OTHER_ACCOUNTS } from './parameters.ts';

/** As serverless.yml calls the rules, with the bus where it is not the default one. */
export const ECR_RULES: readonly EcrRule[] = [
  { name: '${self:service}-${sls:stage}-ecr' },
  { name: '${self:service}-${sls:stage}-ecr-others', bus: PUSH_BUS },
];

type EcrRule = { name: string; bus?: string };

export function ruleArn({ name, bus }: EcrRule) {
  const place = bus === undefined ? '' : `\${${bus}}/`;
  return sub(`arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:rule/${place}${name}`);
}

export const eventBus: Fragment = {
  Resources: {
    [PUSH_BUS]: { Type: 'AWS::Events::EventBus', Properties: { Name: '${self:service}-${sls:stage}' } },
    // without it only this account may put events there
    [`${PUSH_BUS}Policy`]: {
      Type: 'AWS::Events::EventBusPolicy',
      Condition: HAS_OTHER_ACCOUNTS,
      Properties: {
        EventBusName: ref(PUSH_BUS),
        StatementId: 'OtherAccounts',
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: ref(OTHER_ACCOUNTS) },
          Action: 'events:PutEvents',
          Resource: arnOf(PUSH_BUS),
        },
      },
    },
  },
  Outputs: {
    PushBusArn: { Description: 'Where rules of other accounts send ECR image events', Value: arnOf(PUSH_BUS) },
  },
};
