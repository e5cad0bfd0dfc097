// How much the HTTP API lets through: each route has a limit of its own, for all its clients together, so that nobody can take the room of
// the receivers by asking for something else. Single clients are counted by the functions.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
import { AWS_FUNCTIONS } from './functions.ts';
import { routeId } from './names.ts';

/** Metrics of single routes are six each, at the price of our own; the access log tells the same. */
const limit = (rate: string, burst: string) => ({
  DetailedMetricsEnabled: false,
  ThrottlingRateLimit: `\${param:${rate}}`,
  ThrottlingBurstLimit: `\${param:${burst}}`,
});

/** Fifty images that are pushed at once can be some hundred webhooks: one for each platform, signature and tag. */
const WEBHOOKS = limit('webhooksPerSecond', 'webhooksAtOnce');
const OTHERS = limit('requestsPerSecond', 'requestsAtOnce');

/** What has no route of its own is left to the default. */
const ROUTES = AWS_FUNCTIONS.flatMap(({ trigger }) =>
  'routes' in trigger ? trigger.routes.filter((route) => route !== '$default') : [],
);

/**
 * Of the stage: what a route says replaces the default as a whole. CloudFormation hands the keys of `RouteSettings` on as they are.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-stage.html
 */
export const REQUEST_LIMITS = {
  DefaultRouteSettings: OTHERS,
  RouteSettings: Object.fromEntries(
    ROUTES.map((route) => [route, route.startsWith('POST /hooks/') ? WEBHOOKS : OTHERS]),
  ),
};

/**
 * Routes are named by their texts there, which tells CloudFormation nothing: they have to be there before, and to go after. And what a
 * route was given stays when the template has it no more: where one goes, `aws apigatewayv2 delete-route-settings` has to go first, else
 * API Gateway refuses every later change of the stage. https://github.com/serverless/serverless/issues/12776
 */
export const LIMITED_ROUTES = ROUTES.map(routeId);
