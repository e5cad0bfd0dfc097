// Pushes one image to the source, which tells the server, and says so.
import { sizeOf, type DemoImage } from '../images.ts';
import { push } from '../push.ts';
import type { Scene } from './scene.ts';

export type Push = {
  /** `performance.now()` of the moment from which on the source has the tag. */
  pushedAt: number;
  notifications: number;
};

export async function pushImage({ stage, tell, signal }: Scene, image: DemoImage): Promise<Push> {
  signal.throwIfAborted();
  const { repository, tag, digest, blobs, manifests } = image;
  await push(stage.source, image);
  const pushedAt = performance.now();
  // one for each blob and each manifest
  const notifications = stage.source.notifications.length * (blobs.length + manifests.length);
  const reference = `${stage.source.host}/${repository}:${tag}`;
  tell({ type: 'pushed', reference, digest, sizeBytes: sizeOf(image), notifications });
  return { pushedAt, notifications };
}
