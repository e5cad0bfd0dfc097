// One copy between registries as tests of faults and attacks want it: short timeouts, few and quick retries, everything it said kept.
import { isTransshipError, type TransshipError } from '../../shared/errors.ts';
import { copyArtifact } from '../../shared/mirror/copy.ts';
import type { CopyEvent, CopyReport, CopyRequest, TargetReport } from '../../shared/mirror/copy-types.ts';
import { problemOf } from '../../shared/mirror/report.ts';
import { createCopySession, type CopySession } from '../../shared/mirror/session.ts';
import { anonymous, type Credential } from '../../shared/oci/auth/credential.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import type { RegistryPort } from '../../shared/oci/registry-request.ts';
import type { RetryPolicy } from '../../shared/oci/http/retry.ts';
import type { Timeouts } from '../../shared/oci/http/timeouts.ts';
import { openRegistries, type RegistriesOptions } from '../../shared/registries/registries.ts';
import { Secret } from '../../shared/telemetry/secret.ts';

export const QUICK_TIMEOUTS: Timeouts = { connectMs: 1000, responseMs: 400, commitMs: 400, stallMs: 300 };
export const QUICK_RETRIES: RetryPolicy = {
  tries: 4,
  firstDelayMs: 2,
  longestDelayMs: 10,
  longestRetryAfterMs: 3000,
};

type Problem = NonNullable<TargetReport['error']>;

export type CopyRun = {
  /** Absent where the copy threw. */
  report: CopyReport | undefined;
  target: TargetReport | undefined;
  thrown: TransshipError | undefined;
  /** What went wrong, whether it was thrown or stands in the report of the first target. */
  problem: Problem | undefined;
  events: CopyEvent[];
  durationMs: number;
};

export type CopyRunOptions = Partial<Omit<CopyRequest, 'source' | 'targets'>> & {
  registries?: Partial<RegistriesOptions>;
  /** By `host[:port]`; anyone else is asked without a login. */
  logins?: Readonly<Record<string, Credential>>;
  /** Clients that were built by hand, by `host[:port]`; the caller closes them. */
  clients?: Readonly<Record<string, RegistryPort>>;
  signal?: AbortSignal;
  onEvent?: (event: CopyEvent) => void;
  session?: (session: CopySession) => CopySession;
};

/** Copies from `source` to `targets`, written as on the command line; what goes wrong on purpose is given back. */
export async function runCopy(
  source: string,
  targets: readonly string[],
  options: CopyRunOptions = {},
): Promise<CopyRun> {
  const { registries: settings, logins = {}, clients = {}, signal, onEvent, session: change, ...request } = options;
  const events: CopyEvent[] = [];
  const registries = openRegistries({
    credentials: ({ registry }) => Promise.resolve(logins[registry] ?? anonymous),
    env: {},
    timeouts: QUICK_TIMEOUTS,
    retries: QUICK_RETRIES,
    onRetry: (retry) => void events.push({ type: 'retry', ...retry }),
    onWarning: (warning) => void events.push({ type: 'warning', ...warning }),
    ...settings,
  });
  const base = {
    ...createCopySession({
      timeouts: registries.timeouts,
      client: (host) => clients[host] ?? registries.client(host),
    }),
    random: () => 0,
  };
  const startedAt = Date.now();
  const outcome = await copyArtifact(
    {
      referrers: false,
      onConflict: 'overwrite',
      foreignLayers: false,
      dryRun: false,
      ...request,
      source: parseReference(source),
      targets: targets.map(parseReference),
    },
    {
      registries: base.registries,
      session: change?.(base) ?? base,
      ...(signal === undefined ? {} : { signal }),
      onEvent: (event) => {
        events.push(event);
        onEvent?.(event);
      },
    },
  ).catch((error: unknown) => {
    if (!isTransshipError(error)) throw error;
    return error;
  });
  await registries.close();
  const durationMs = Date.now() - startedAt;
  if (outcome instanceof Error) {
    return { report: undefined, target: undefined, thrown: outcome, problem: problemOf(outcome), events, durationMs };
  }
  const [target] = outcome.targets;
  return { report: outcome, target, thrown: undefined, problem: target?.error, events, durationMs };
}

/** A login by user name and password. */
export function basic(username: string, password: string): Credential {
  return { kind: 'basic', username, password: new Secret(password) };
}
