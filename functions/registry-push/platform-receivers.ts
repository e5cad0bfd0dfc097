// The receivers whose events no request brings: a bus or a queue of the platform does, and vouches for them. None of them has a secret.
import type { Config } from '../../shared/config/config.ts';
import { hostOrNull } from '../../shared/events/names.ts';
import type { ReceiverKind } from '../../shared/events/push-event.ts';
import type { Receiver } from '../../shared/events/receiver.ts';
import { receiverOf } from './receiver-of.ts';

/** Those of a kind that listen to a registry, by any of its names. */
export function platformReceivers(
  config: Pick<Config, 'receivers' | 'registries'>,
  kind: ReceiverKind,
  host: string,
): Receiver[] {
  return config.receivers.flatMap((one) => {
    if (one.kind !== kind || one.auth.mode !== 'platform') return [];
    const receiver = receiverOf(one, config, one.auth);
    return receiver.registry.hosts.some((name) => hostOrNull(name) === host) ? [receiver] : [];
  });
}
