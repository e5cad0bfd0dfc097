// `transship serve` under the contract of all hosts, with real registries, a real API server, and AWS by moto.
import { afterAll, beforeAll, describe } from 'vitest';
import { describeHost } from '../../contract/host/host.ts';
import { nodeSubject } from '../../support/hosts/node-host.ts';
import { isSceneMissing, openScene, type Scene } from '../../support/hosts/scene.ts';

// needs moto, both registries and the binaries of Kubernetes; the summary names what is missing
describe.skipIf(isSceneMissing())('by one process', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  }, 120_000);
  afterAll(() => scene?.[Symbol.asyncDispose]());

  describeHost(
    nodeSubject(() => scene),
    () => scene,
  );
});
