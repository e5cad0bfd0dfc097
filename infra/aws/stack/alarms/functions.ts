// Functions that fail as a whole or are held back. A job that fails is no failure of its function.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
import { ref } from '../fragment.ts';
import { AWS_FUNCTIONS, type AwsFunctionName } from '../functions.ts';
import { lambdaId, pascal } from '../names.ts';
import { FIVE_MINUTES_SECONDS, type Watches } from './watch.ts';

/** Of these a sender may not come again. What all others were called for is asked for again, by whoever asked or by the upkeep. */
const CALLED_ONCE: readonly AwsFunctionName[] = ['registry-push', 'namespace-created'];

/** One bad time is over before anybody looks; two of three are not. */
const AGAIN = { times: 2, among: 3 };
const STEADILY = { times: 3 };

export const functionWatches: Watches = AWS_FUNCTIONS.flatMap(ofFunction);

function ofFunction({ name }: (typeof AWS_FUNCTIONS)[number]): Watches {
  const isCalledOnce = CALLED_ONCE.includes(name);
  const one = {
    namespace: 'AWS/Lambda',
    dimensions: { FunctionName: ref(lambdaId(name)) },
    statistic: 'Sum',
    from: 1,
    seconds: FIVE_MINUTES_SECONDS,
  } as const;
  const id = pascal(name);
  return [
    [`${id}Errors`, { ...one, ...(isCalledOnce ? {} : AGAIN), what: `${name} failed`, metric: 'Errors' }],
    [
      `${id}Throttles`,
      {
        ...one,
        ...(isCalledOnce ? {} : STEADILY),
        what: `${name} was held back by Lambda`,
        metric: 'Throttles',
      },
    ],
  ];
}
