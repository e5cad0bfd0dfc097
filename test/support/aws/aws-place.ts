// Where the commands of AWS work in tests that ask nothing: a stage with its stack.
import type { AwsPlace } from '../../../infra/cli/aws/aws-place.ts';

export const PLACE: AwsPlace = {
  stage: 'prod',
  region: 'eu-west-1',
  regionFrom: '--region',
  stack: 'transship-prod',
  surroundings: { identity: {}, env: {}, now: Date.now },
};
