// What is kept beside jobs on DynamoDB, under the contracts of all stores, at a moto server.
import { afterAll, beforeAll, describe } from 'vitest';
import { describeGrantStore } from '../../contract/grants/grant-store.ts';
import { describeApiTokens } from '../../contract/store/api-tokens.ts';
import { describePushLog } from '../../contract/store/push-log.ts';
import { describeAcceptingPushes } from '../../contract/store/registry-push.ts';
import { describeTagJournal } from '../../contract/store/tag-journal.ts';
import { awsBed, awsStoreSubject, type AwsBed } from '../../support/jobs/aws-subject.ts';
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
    bed?.close();
    await moto?.[Symbol.asyncDispose]();
  });

  const subject = awsStoreSubject(() => bed);
  describePushLog(subject);
  describeTagJournal(subject);
  describeApiTokens(subject);
  describeAcceptingPushes(subject);
  describeGrantStore(subject);
});
