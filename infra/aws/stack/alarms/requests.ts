// Requests that were not answered as they should be. Webhooks that were turned away are counted by the log of the HTTP API: its own metrics
// know no requests that were too many, and those of single routes are dear.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
import { ref, type Resource } from '../fragment.ts';
import { HTTP_API, HTTP_API_LOG } from '../names.ts';
import { FIVE_MINUTES_SECONDS, type Watches } from './watch.ts';

const SOME_ERRORS = 5;

/** A name for each stage: the filter of a log adds no dimension that is not in the log. */
const counted = { namespace: 'Transship/${sls:stage}', metric: 'WebhooksTurnedAway' };

export const requestWatches: Watches = [
  [
    'Gateway',
    {
      what: 'The HTTP API answered with 5xx',
      namespace: 'AWS/ApiGateway',
      metric: '5xx',
      dimensions: { ApiId: ref(HTTP_API) },
      statistic: 'Sum',
      from: SOME_ERRORS,
      seconds: FIVE_MINUTES_SECONDS,
    },
  ],
  [
    'TurnedAway',
    {
      ...counted,
      what: 'Webhooks were turned away, with 429 or 5xx: not every registry sends them again',
      dimensions: {},
      statistic: 'Sum',
      from: 1,
      seconds: FIVE_MINUTES_SECONDS,
    },
  ],
];

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html */
export const requestFilters: Readonly<Record<string, Resource>> = {
  TurnedAwayFilter: {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(HTTP_API_LOG),
      FilterPattern: '{ ($.route = "POST /hooks/*") && (($.status = 429) || ($.status >= 500)) }',
      MetricTransformations: [
        { MetricNamespace: counted.namespace, MetricName: counted.metric, MetricValue: '1', Unit: 'Count' },
      ],
    },
  },
};
