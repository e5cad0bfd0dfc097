// The bundles of the Lambda functions under the contract of all hosts, and held to the rights of their roles.
import { afterAll, beforeAll, describe } from 'vitest';
import { describeHost } from '../../contract/host/host.ts';
import { lambdaSubject, type LambdaHost } from '../../support/hosts/lambda-host.ts';
import { describeDeliveries } from './deliveries.ts';
import { describeKilledWorker } from './killed-worker.ts';
import { describeRights } from './rights.ts';
import { isSceneMissing, openScene, type Scene } from '../../support/hosts/scene.ts';

// needs moto, both registries and the binaries of Kubernetes; the summary names what is missing
describe.skipIf(isSceneMissing())('by the functions of AWS', () => {
  let scene: Scene;
  let host: LambdaHost;
  beforeAll(async () => {
    scene = await openScene();
  }, 120_000);
  afterAll(() => scene?.[Symbol.asyncDispose]());

  describeHost(
    lambdaSubject(
      () => scene,
      (started) => (host = started),
    ),
    () => scene,
    (bed) => {
      const killed = describeKilledWorker(bed, () => host);
      return {
        describeEnd() {
          describeDeliveries(bed, () => host);
          killed.describeEnd();
          describeRights(() => host);
        },
      };
    },
  );
});
