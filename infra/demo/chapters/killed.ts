// The server is killed while it copies: no tag names what is not whole, and its next life finishes the job by itself.
import type { ArrivedEvent } from '../demo-event.ts';
import { hasManifest } from '../demo-client.ts';
import type { FaultRule } from '../registry/faults.ts';
import { until } from '../until.ts';
import { watchCopy, type CopyWatch } from './follow-copy.ts';
import { pushImage } from './push-image.ts';
import type { Scene } from './scene.ts';

const MIB = 1024 * 1024;
/** Each upload gets so much: the copy takes long enough to be killed. */
const SLOW: FaultRule = { match: { path: /\/blobs\/uploads\// }, action: { bytesPerSecond: 6 * MIB } };
/** Of all bytes. */
const KILLED_AT = 0.8;
const WITHIN_MS = 60_000;

/** @throws Error where another job than the one that was killed brought the image */
export async function killed(scene: Scene): Promise<ArrivedEvent> {
  const { images, server, tell } = scene;
  tell({ type: 'chapter', chapter: 'kill' });
  const watch = watchCopy(scene, images.model);
  const registries = scene.stage.targets.map(({ registry }) => registry);
  for (const { faults } of registries) faults.push(SLOW);
  const push = await pushImage(scene, images.model);
  const jobId = await watch.jobId();
  await killHalfway(scene, watch);
  for (const { faults } of registries) faults.splice(0);
  for (const target of watch.targets) target.restart();
  tell({ type: 'restarted', ...(await server.restart()) });
  const arrived = await watch.arrival('kill', push);
  if (arrived.job.id !== jobId) throw new Error(`job ${arrived.job.id} ended what job ${jobId} had begun`);
  tell(arrived);
  return arrived;
}

async function killHalfway({ stage, server, images, tell, signal }: Scene, watch: CopyWatch): Promise<void> {
  const isHalfway = () => watch.targets.every((one) => one.receivedBytes() >= one.sizeBytes * KILLED_AT) || undefined;
  await watch.whileTelling(() => until(isHalfway, { signal, timeoutMs: WITHIN_MS, what: 'the copy is halfway' }));
  const pid = await server.kill();
  const { repository, tag } = images.model;
  const targets = await Promise.all(
    watch.targets.map(async ({ reference, sizeBytes, receivedBytes }, index) => {
      const target = stage.targets[index];
      const isVisible = target !== undefined && (await hasManifest(target, repository, tag));
      return { reference, sizeBytes, receivedBytes: receivedBytes(), isVisible };
    }),
  );
  tell({ type: 'killed', pid, targets });
}
