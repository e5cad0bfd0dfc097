// The store on DynamoDB and SQS under the contract of all job stores, at a moto server.
import { afterAll, beforeAll, describe } from 'vitest';
import { describeJobStore } from '../../contract/jobs/suite/job-store.ts';
import { awsBed, awsSubject, type AwsBed } from '../../support/jobs/aws-subject.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

// Without moto there is no DynamoDB to ask; the summary names what is missing.
describe.skipIf(isMissing('moto'))('at moto', () => {
  let moto: Moto;
  let bed: AwsBed;
  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    bed = awsBed(moto);
  });
  afterAll(async () => {
    bed.close();
    await moto[Symbol.asyncDispose]();
  });

  describeJobStore(awsSubject(() => bed));
});
