// What was opened for the configuration that holds, and for those before it as long as somebody works with it.
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { swapped, type Swapped } from '../../host/swapped.ts';

type Closable = Parameters<typeof swapped>[0];

export type KeptOpen<Opened extends Closable> = {
  /** Takes the place of the one before; undefined: that one is still the right one. */
  adopt: (opened: Opened | undefined) => void;
  /** @throws Error before there is a first one */
  now: () => Swapped<Opened>;
};

export function keptOpen<Opened extends Closable>(logger: () => Logger): KeptOpen<Opened> {
  let held: Swapped<Opened> | undefined;
  return {
    adopt(opened) {
      if (opened === undefined) return;
      if (held === undefined) held = swapped(opened, (err) => logger().warn('something could not be closed', { err }));
      else held.swap(opened);
    },
    now() {
      if (held === undefined) throw new Error('connections were asked for before there was a configuration');
      return held;
    },
  };
}
