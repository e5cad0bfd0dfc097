// What all functions have that work with registries and clusters. Nothing is asked before the first request that needs it; where the
// configuration has other connections, they are opened anew, and the old ones closed when nobody uses them any more.
import { issuedCredentials } from '../../../shared/credentials/issued-credentials.ts';
import type { Connections } from '../../host/connections.ts';
import { connectionsMark } from '../../host/connections-mark.ts';
import { openConnections } from '../../host/open-connections.ts';
import type { Swapped } from '../../host/swapped.ts';
import { registryTeller } from '../../host/tell-registry.ts';
import type { HostDeps } from './aws-host.ts';
import { intakeDeps } from './intake-deps.ts';
import { keptOpen } from './kept-open.ts';
import { openCore, type Core, type CoreOptions } from './open-core.ts';
import { awsTagJournal } from '../records/tag-journal.ts';
import { USER_AGENT } from './user-agent.ts';

type Prepared = {
  mark: string;
  /** Absent: those of before are the right ones. */
  opened?: Connections;
};

export type Connected = {
  core: Core<Prepared>;
  deps: HostDeps;
  connections: () => Swapped<Connections>;
};

/** @throws TransshipError invalid-config for a wrong environment */
export function openConnected(env: NodeJS.ProcessEnv): Connected {
  const kept = keptOpen<Connections>(() => core.logger);

  const prepare: CoreOptions<Prepared>['prepare'] = async (config, { logger, metrics, readSecret }, before) => {
    const mark = await connectionsMark(config, readSecret);
    if (before?.mark === mark) return { mark };
    const hear = registryTeller(logger, metrics);
    const opened = await openConnections(config, {
      // there are no credential files of a user
      homeDir: '/',
      readSecret,
      certificateAuthorities: [],
      env,
      userAgent: USER_AGENT,
      onWarning: (warning) => hear({ type: 'warning', ...warning }),
      onRetry: (retry) => hear({ type: 'retry', ...retry }),
    });
    return { mark, opened };
  };

  const core = openCore<Prepared>(env, {
    prepare,
    adopt: ({ opened }) => kept.adopt(opened),
  });
  const connections = kept.now;

  const { dynamo, settings } = core;
  const deps: HostDeps = {
    ...intakeDeps(core),
    journal: awsTagJournal({ dynamo, tableName: settings.recordsTable }),
    registries: () => connections().current().registries,
    clusters: () => connections().current().clusters,
    grantBackends: () => connections().current().grantBackends,
    issuers: () => connections().current().issuers,
    probePull: () => connections().current().probePull,
    credentials: issuedCredentials(),
  };
  return { core, deps, connections };
}
