// The host of the token endpoint: the configured keys, and the clusters that say who may pull.
import type { TokenDeps } from '../../../functions/http-api/token.ts';
import type { TokenKeys } from '../../../functions/registry-token/token-keys.ts';
import type { Config } from '../../../shared/config/config.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { configuredTokenKeys } from '../../host/configured-token-keys.ts';
import { openClusters, type OpenClusters } from '../../host/open-clusters.ts';
import type { AwsHost } from './aws-host.ts';
import { hostOn } from './host-on.ts';
import { keptOpen } from './kept-open.ts';
import { laterFetched } from './later-fetched.ts';
import { openCore, type Means } from './open-core.ts';
import { USER_AGENT } from './user-agent.ts';

type Prepared = {
  tokenKeys: TokenKeys | undefined;
  /** Of how clusters are reached. */
  mark: string;
  /** Absent: those of before are the right ones. */
  opened?: OpenClusters;
};

/** @throws TransshipError invalid-config for a wrong environment */
export function openTokenHost(env: NodeJS.ProcessEnv): AwsHost<TokenDeps> {
  const kept = keptOpen<OpenClusters>(() => core.logger);

  async function prepare(config: Config, means: Means, before: Prepared | undefined): Promise<Prepared> {
    const tokenKeys = await keysOf(config, means);
    const mark = JSON.stringify(config.clusters);
    if (before?.mark === mark) return { tokenKeys, mark };
    return { tokenKeys, mark, opened: openClusters(config, { ...means, userAgent: USER_AGENT }) };
  }

  const core = openCore<Prepared>(env, {
    prepare,
    adopt: ({ opened }) => kept.adopt(opened),
  });

  const { clock, logger, metrics } = core;
  const deps: TokenDeps = {
    clock,
    logger,
    metrics,
    config: () => core.current().loaded.config,
    clusters: () => kept.now().current(),
    tokenKeys: () => core.current().prepared.tokenKeys,
    fetchJson: laterFetched(core),
  };
  return hostOn(core, deps, () => kept.now().borrow().giveBack);
}

/** @throws TransshipError invalid-config where they are missing, or cannot be used */
async function keysOf({ tokenEndpoint }: Config, { readSecret, clock }: Means): Promise<TokenKeys | undefined> {
  if (tokenEndpoint === undefined) return undefined;
  if (tokenEndpoint.keys !== undefined) return configuredTokenKeys(tokenEndpoint.keys, readSecret, clock.now());
  throw new TransshipError('invalid-config', 'tokenEndpoint has no keys, and functions make none', {
    hint: 'keep a certificate and its key in Secrets Manager, and name them: tokenEndpoint: { keys: [{ certificate: { awsSecret: { id: NAME, key: certificate } }, key: { awsSecret: { id: NAME, key: key } } }] }',
  });
}
