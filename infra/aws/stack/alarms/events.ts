// Events of ECR that are lost: neither their function took them, nor the dead letters. Of timers and wake-ups nothing is lost by that.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
import { ECR_RULES } from '../event-bus.ts';
import { getAtt, ref } from '../fragment.ts';
import { lambdaId } from '../names.ts';
import { FIVE_MINUTES_SECONDS, type Watches } from './watch.ts';

const any = { statistic: 'Sum', from: 1, seconds: FIVE_MINUTES_SECONDS } as const;

export const eventWatches: Watches = [
  [
    'EcrPushLost',
    {
      ...any,
      what: 'Events that ecr-push failed on could not be kept',
      namespace: 'AWS/Lambda',
      metric: 'DestinationDeliveryFailures',
      dimensions: { FunctionName: ref(lambdaId('ecr-push')) },
    },
  ],
  ...ECR_RULES.map(
    ({ name, bus }) =>
      [
        bus === undefined ? 'EcrEventsLost' : 'EcrEventsOfOthersLost',
        {
          ...any,
          what: 'Events that did not reach ecr-push could not be kept',
          namespace: 'AWS/Events',
          metric: 'InvocationsFailedToBeSentToDlq',
          // those of the default bus have the rule alone
          dimensions: { ...(bus === undefined ? {} : { EventBusName: getAtt(bus, 'Name') }), RuleName: name },
        },
      ] as const,
  ),
];
