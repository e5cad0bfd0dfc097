// What a server says of itself when it is up: where it listens, who may tell it of pushes, and what nobody will ever start.
import type { Config } from '../../../shared/config/config.ts';
import type { LoadedConfig } from '../../../shared/config/load.ts';
import { formatProblem } from '../../../shared/config/problem.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { neverTriggered } from './never-triggered.ts';

export function describeStart(
  logger: Logger,
  loaded: LoadedConfig,
  at: { url: string; socketPath: string; admissionPort: number | undefined },
): void {
  const { rules, receivers, dataDir, clusters, credentials, grants } = loaded.config;
  logger.info('listening', {
    url: at.url,
    admin_socket: at.socketPath,
    data_dir: dataDir,
    rules: rules.length,
    receivers: receivers.length,
    ...(at.admissionPort === undefined ? {} : { admission_port: at.admissionPort }),
    ...(clusters.length === 0 ? {} : { clusters: clusters.length, credentials: credentials.length }),
    ...(grants.length === 0 ? {} : { grants: grants.length }),
  });
  for (const { id, kind, registry, auth } of receivers) {
    // the token is a credential, and the log is no place for one
    const token = auth.mode === 'path' ? '/<token>' : '';
    logger.info('receiver', { receiver: id, registry, url: `${at.url}/hooks/${kind}/${id}${token}` });
  }
  warnOf(logger, loaded);
}

/** What the file allows and may still not be meant, and rules that wait for nobody. */
export function warnOf(logger: Logger, { config, warnings }: LoadedConfig): void {
  for (const problem of warnings) logger.warn('configuration', { reason: formatProblem(problem), hint: problem.hint });
  warnOfSilence(logger, config);
}

/** Says what the configuration allows and nobody can mean. */
function warnOfSilence(logger: Logger, config: Config): void {
  const { rules, credentials, grants } = config;
  if (rules.length + credentials.length + grants.length === 0) {
    logger.warn('there are no mirror rules: nothing is copied but what somebody asks for over the API');
  }
  for (const rule of neverTriggered(config)) {
    logger.warn('nothing triggers this rule: it has no schedule, and no receiver hears of pushes to its source', {
      rule,
    });
  }
}
