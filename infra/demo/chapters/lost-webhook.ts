// A push that nobody tells of: the registry's notifications are lost, and the next sweep finds the image.
import type { ArrivedEvent } from '../demo-event.ts';
import { watchCopy } from './follow-copy.ts';
import { pushImage } from './push-image.ts';
import type { Scene } from './scene.ts';

export async function lostWebhook(scene: Scene): Promise<ArrivedEvent> {
  const { images, stage, tell } = scene;
  tell({ type: 'chapter', chapter: 'lost-webhook' });
  const watch = watchCopy(scene, images.tools);
  const endpoints = stage.source.notifications.splice(0);
  const push = await pushImage(scene, images.tools);
  stage.source.notifications.push(...endpoints);
  const arrived = await watch.arrival('lost-webhook', push);
  tell(arrived);
  return arrived;
}
