// Tells of a run: lines in the log, metrics, and Kubernetes Events at the objects that somebody has to look at. Never a credential.
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { recordEvent, type KubernetesEvent } from '../../shared/cluster/kubernetes-events.ts';
import { fieldManagerOf } from '../../shared/cluster/field-manager.ts';
import type { DistributionReport, WriteKind } from '../../shared/credentials/distribution-report.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';

const MOST_LINES = 10;

export function logReport(report: DistributionReport, logger: Logger): void {
  const { namespaces, written, conflicts, failures, expiring, providers, degraded } = report;
  const writes = Object.values(written).reduce((sum, one) => sum + one, 0);
  logger[writes > 0 ? 'info' : 'debug']('credentials distributed', { namespaces, ...written });
  for (const { registry, error, retryAt } of providers) {
    const lacking = degraded.get(registry)?.namespaces ?? 0;
    logger.warn('no new credential', { registry, err: error, retry_at: retryAt.toISOString(), namespaces: lacking });
  }
  for (const { namespace, object, error } of failures.first.slice(0, MOST_LINES)) {
    logger.warn('credentials could not be written', { namespace, object, err: error, of: failures.count });
  }
  for (const { namespace, object, reason, message, hint } of conflicts.first.slice(0, MOST_LINES)) {
    logger.warn('pull secret is left alone', { namespace, object, reason, message, hint, of: conflicts.count });
  }
  for (const { namespace, secret, expiresAt } of expiring.first.slice(0, MOST_LINES)) {
    logger.error('credential ends soon', {
      namespace,
      secret,
      expires_at: expiresAt.toISOString(),
      of: expiring.count,
    });
  }
  for (const warning of report.warnings) logger.warn('credential needs attention', { warning });
}

export function countWrites({ written }: DistributionReport, cluster: string, metrics: Metrics): void {
  const kinds: WriteKind[] = [
    'attach-reference',
    'detach-reference',
    'create-secret',
    'update-secret',
    'release-secret',
    'delete-secret',
  ];
  for (const change of kinds) {
    if (written[change] > 0) metrics.count('transship_credentials_writes_total', { cluster, change }, written[change]);
  }
}

/** Of a run that saw the whole cluster. @param asked the registries that were due */
export function measureCluster(
  report: DistributionReport,
  { cluster, asked, metrics }: { cluster: string; asked: Iterable<string>; metrics: Metrics },
): void {
  metrics.set('transship_credentials_secrets', { cluster }, report.secrets);
  metrics.set('transship_credentials_expiring', { cluster }, report.expiring.count);
  metrics.set('transship_credentials_conflicts', { cluster }, report.conflicts.count);
  metrics.set('transship_credentials_failures', { cluster }, report.failures.count);
  const failing = new Set(report.providers.map(({ registry }) => registry));
  for (const registry of asked) {
    metrics.set('transship_credentials_provider_failing', { cluster, registry }, failing.has(registry) ? 1 : 0);
  }
  if (report.firstEndsAt === undefined) return;
  const seconds = Math.round(report.firstEndsAt.getTime() / 1000);
  metrics.set('transship_credentials_first_end_timestamp_seconds', { cluster }, seconds);
}

const HOUR_MS = 3_600_000;
const MOST_REMEMBERED = 10_000;

/** Records each Event once an hour; one that cannot be recorded is no failure of the run. */
export function eventTeller() {
  const told = new Map<string, number>();

  async function tell(cluster: Cluster, event: KubernetesEvent, component: string, logger: Logger): Promise<void> {
    const { namespace, name } = event.about;
    const key = JSON.stringify([cluster.name, namespace, name, event.reason, event.message]);
    const hour = Math.floor(cluster.now().getTime() / HOUR_MS);
    if (told.get(key) === hour) return;
    if (told.size >= MOST_REMEMBERED) told.clear();
    told.set(key, hour);
    try {
      await recordEvent(cluster, event, { component });
    } catch (error) {
      logger.debug('event could not be recorded', { namespace, object: name, reason: messageOf(error) });
    }
  }

  return async (report: DistributionReport, cluster: Cluster, instance: string, logger: Logger): Promise<void> => {
    const component = fieldManagerOf(instance);
    for (const event of eventsOf(report)) await tell(cluster, event, component, logger);
  };
}

function eventsOf({ conflicts, expiring, degraded }: DistributionReport): KubernetesEvent[] {
  const secretAt = (namespace: string, name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace, name });
  const why = [...degraded.values()].map(({ message }) => message).join('; ');
  return [
    ...conflicts.first.map(({ namespace, object, message, hint }): KubernetesEvent => ({
      about: secretAt(namespace, object),
      type: 'Warning',
      reason: 'PullSecretConflict',
      message: `${message}: ${hint}`,
    })),
    ...expiring.first.map(({ namespace, secret, expiresAt }): KubernetesEvent => ({
      about: secretAt(namespace, secret),
      type: 'Warning',
      reason: 'PullSecretExpiring',
      message: `its credential ends at ${expiresAt.toISOString()} and could not be renewed${why === '' ? '' : `: ${why}`}`,
    })),
  ];
}
