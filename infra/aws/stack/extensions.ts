// What is added to resources that osls makes of serverless.yml, and for which it has no key: the VPC of the functions, where subnets are
// given, and how much the HTTP API lets through.
import { ref, when } from './fragment.ts';
import { AWS_FUNCTIONS } from './functions.ts';
import { HTTP_API_STAGE, lambdaId, routeId } from './names.ts';
import { HAS_VPC, SECURITY_GROUPS, SUBNETS } from './parameters.ts';
import { LIMITED_ROUTES, REQUEST_LIMITS } from './request-limits.ts';

/** osls names dependencies that follow from the properties anyway, which cfn-lint does not like. */
const LINT = { 'cfn-lint': { config: { ignore_checks: ['W3005'] } } };

const functions = AWS_FUNCTIONS.map(({ name }) => [
  lambdaId(name),
  {
    Metadata: LINT,
    Properties: {
      VpcConfig: when(HAS_VPC, { SubnetIds: ref(SUBNETS), SecurityGroupIds: ref(SECURITY_GROUPS) }),
    },
  },
]);

const routes = AWS_FUNCTIONS.flatMap(({ trigger }) =>
  'routes' in trigger ? trigger.routes.map((route) => [routeId(route), { Metadata: LINT }]) : [],
);

export const extensions: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries([...functions, ...routes]),
  [HTTP_API_STAGE]: { Metadata: LINT, DependsOn: LIMITED_ROUTES, Properties: REQUEST_LIMITS },
};
