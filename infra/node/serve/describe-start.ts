// What a server says of itself when it is up: where it listens, who may tell it of pushes, and what nobody will ever start.
import type { LoadedConfig } from '../../../shared/config/load.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { tellConfigWarnings } from '../../host/tell-config.ts';

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
  tellConfigWarnings(logger, loaded);
}
