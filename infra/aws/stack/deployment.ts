// What the template says of its own deployment, for whoever deploys next: by which version it was made, with which parameters of
// serverless.yml, and what these were by default. In the template it comes and goes with what it tells of: a deployment that is taken back
// takes it back too, and one of plain osls writes it as well.
import { VERSION } from '../host/user-agent.ts';

/** All `params` of serverless.yml. */
export const DEPLOYMENT_PARAMETERS = [
  'logLevel',
  'logRetentionDays',
  'keepData',
  'protectTables',
  'protectStack',
  'requestsPerSecond',
  'requestsAtOnce',
  'webhooksPerSecond',
  'webhooksAtOnce',
  'architecture',
  'alarmEmail',
  'alarmTopicArn',
  'otherAccounts',
  'subnetIds',
  'securityGroupIds',
  'secretKeyArns',
  'configParameter',
] as const;

export type DeploymentParameter = (typeof DEPLOYMENT_PARAMETERS)[number];

const eachOf = (valueOf: (name: string) => string) =>
  Object.fromEntries(DEPLOYMENT_PARAMETERS.map((name) => [name, valueOf(name)]));

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html */
export const deployment = {
  Transship: {
    version: VERSION,
    parameters: eachOf((name) => `\${param:${name}}`),
    // what differs from these was given
    defaults: eachOf((name) => `\${self:params.\${sls:stage}.${name}, self:params.default.${name}}`),
  },
};
