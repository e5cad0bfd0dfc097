// What Lambda does in the name of a function's role, by what the template says of the function: no code of ours makes these calls, and moto
// sees none of them.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
import { functionParts, isSameFunction, mappingParts } from './stack-parts.ts';
import { resolve, type ResolveContext } from './intrinsics.ts';
import type { IamNeed } from './iam-policy.ts';

type ServiceNeed = { caller: string; need: IamNeed };

export function serviceNeeds(context: ResolveContext, region: string): ServiceNeed[] {
  const functions = functionParts(context);
  const nameOf = (arn: string): string =>
    functions.find(({ functionName }) => isSameFunction(arn, functionName))?.name ?? '';
  const needs = (caller: string, actions: readonly string[], resource: string): ServiceNeed[] =>
    actions.map((action) => ({ caller, need: { action, resource, context: { 'aws:RequestedRegion': region } } }));
  const all = (type: string) =>
    Object.entries(context.template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Properties }]) => ({ id, properties: Object(resolve(Properties, context)) }));

  return [
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
    ...mappingParts(context, region).flatMap(({ functionArn, queueArn }) =>
      needs(nameOf(functionArn), ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queueArn),
    ),
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations
    ...all('AWS::Lambda::EventInvokeConfig').flatMap(({ properties }) => {
      const destination = properties.DestinationConfig?.OnFailure?.Destination;
      return destination === undefined
        ? []
        : needs(nameOf(String(properties.FunctionName)), ['sqs:SendMessage'], String(destination));
    }),
    ...all('AWS::Lambda::Function').flatMap(({ properties }) => {
      const caller = /([^/]+)\/index\.handler$/.exec(String(properties.Handler))?.[1] ?? '';
      const group = `arn:aws:logs:${region}:${String(context.parameters['AWS::AccountId'])}:log-group:/aws/lambda/${String(properties.FunctionName)}`;
      return [
        ...needs(caller, ['logs:CreateLogStream', 'logs:PutLogEvents'], `${group}:log-stream:2026/01/01/[$LATEST]0`),
        // https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
        ...(properties.TracingConfig?.Mode === 'Active'
          ? needs(caller, ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*')
          : []),
      ];
    }),
  ];
}
