// What the log and the metrics say of registries that warn, and of requests to them that are tried again.
import type { CopyEvent } from '../../shared/mirror/copy-types.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';

export type RegistryNote = Extract<CopyEvent, { type: 'warning' | 'retry' }>;

export function registryTeller(logger: Logger, metrics: Metrics): (note: RegistryNote) => void {
  return (note) => {
    const { registry } = note;
    if (note.type === 'warning') return logger.warn('a registry warns', { registry, reason: note.message });
    const { operation, code, reason, delayMs } = note;
    if (code === 'too-many-requests') metrics.count('transship_registry_throttled_total', { registry });
    return logger.info('a request is tried again', { registry, operation, reason, delay_ms: delayMs });
  };
}
