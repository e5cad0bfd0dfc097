// What every chapter of the demo plays with.
import type { DemoEvent } from '../demo-event.ts';
import type { DemoImage, DemoImages } from '../images.ts';
import type { DemoServer } from '../server/demo-server.ts';
import type { Stage } from '../stage.ts';

export type Scene = {
  stage: Stage;
  server: DemoServer;
  images: DemoImages;
  /** At the source before the server was there. */
  oldImage: DemoImage;
  tell: (event: DemoEvent) => void;
  signal: AbortSignal;
};
