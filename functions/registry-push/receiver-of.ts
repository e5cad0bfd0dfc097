// A receiver of the configuration as events are read with it: its registry with all its names, and what it listens to.
import type { Config } from '../../shared/config/config.ts';
import type { Receiver, ReceiverAuth } from '../../shared/events/receiver.ts';
import { registryNames } from '../registry-names.ts';

export type ReceiverConfig = Config['receivers'][number];

export function receiverOf(
  { id, registry, repositories, ignoreActors, untagged }: ReceiverConfig,
  config: Pick<Config, 'registries'>,
  auth: ReceiverAuth,
): Receiver {
  const hosts = registryNames(registry, config);
  return {
    id,
    registry: { id: hosts[0], hosts },
    auth,
    ...(repositories === undefined ? {} : { repositories }),
    ...(ignoreActors === undefined ? {} : { ignoreActors }),
    untagged,
  };
}
