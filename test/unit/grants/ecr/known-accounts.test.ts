// Accounts of AWS that are no strangers.
import { expect, test } from 'vitest';
import { knownAwsAccounts } from '../../../../shared/grants/ecr/known-accounts.ts';
import { configOf } from '../../../support/config-of.ts';

test('are those of registries, and of roles that are assumed', () => {
  const { registries, clusters } = configOf(`
registries:
  000000000042.dkr.ecr.eu-west-1.amazonaws.com:
    credential: { aws: { roleArn: "arn:aws:iam::111122223333:role/push" } }
  docker.io: { credential: anonymous }
clusters:
  - { name: prod, eks: { region: eu-west-1, cluster: prod, roleArn: "arn:aws:iam::444455556666:role/admin" } }
  - { name: here, inCluster: {} }
`);
  expect(knownAwsAccounts({ registries, clusters })).toEqual(['000000000042', '111122223333', '444455556666']);
});
