// A push that the registry tells of: its webhook makes one job, and the image is at all targets.
import type { ArrivedEvent, Chapter } from '../demo-event.ts';
import type { DemoImage } from '../images.ts';
import { watchCopy } from './follow-copy.ts';
import { pushImage } from './push-image.ts';
import type { Scene } from './scene.ts';

export async function toldByWebhook(scene: Scene, chapter: Chapter, image: DemoImage): Promise<ArrivedEvent> {
  scene.tell({ type: 'chapter', chapter });
  const watch = watchCopy(scene, image);
  const arrived = await watch.arrival(chapter, await pushImage(scene, image));
  scene.tell(arrived);
  return arrived;
}
