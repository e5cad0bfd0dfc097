// The report of a run as a job keeps it and the API shows it: counts, and the first few of what needs somebody. Never a credential.
import type { Distribution } from '../../shared/credentials/distribute.ts';
import { problemOf } from '../../shared/jobs/problem.ts';
import type { Json } from '../../shared/jobs/json.ts';

export function reportJson(
  { report }: Pick<Distribution, 'report'>,
  nextAt: Date | undefined,
): { [key: string]: Json } {
  const { namespaces, gone, secrets, written, overdue, conflicts, leftBehind, failures, expiring } = report;
  return {
    namespaces,
    gone,
    secrets,
    overdue,
    written: { ...written },
    conflicts: {
      count: conflicts.count,
      first: conflicts.first.map(({ namespace, object, rule, reason, message, hint }) => ({
        namespace,
        object,
        rule,
        reason,
        message,
        hint,
      })),
    },
    leftBehind: {
      count: leftBehind.count,
      first: leftBehind.first.map(({ namespace, secret, rule, message, hint }) => ({
        namespace,
        secret,
        rule,
        message,
        hint,
      })),
    },
    failures: {
      count: failures.count,
      first: failures.first.map(({ namespace, object, error }) => ({ namespace, object, ...problemOf(error) })),
    },
    expiring: {
      count: expiring.count,
      first: expiring.first.map(({ namespace, secret, expiresAt }) => ({
        namespace,
        secret,
        expiresAt: expiresAt.toISOString(),
      })),
    },
    degraded: [...report.degraded].map(([registry, { namespaces: many, message, hint }]) => ({
      registry,
      namespaces: many,
      message,
      ...(hint === undefined ? {} : { hint }),
    })),
    providers: report.providers.map(({ registry, error, retryAt }) => ({
      registry,
      ...problemOf(error),
      retryAt: retryAt.toISOString(),
    })),
    warnings: [...report.warnings],
    ...(report.firstEndsAt === undefined ? {} : { firstEndsAt: report.firstEndsAt.toISOString() }),
    ...(nextAt === undefined ? {} : { nextAt: nextAt.toISOString() }),
  };
}
