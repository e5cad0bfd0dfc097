// The host of functions that make work durable and ask nobody: small, because senders wait for it to start.
import type { Config } from '../../../shared/config/config.ts';
import type { FetchJson } from '../../../shared/events/signing-keys.ts';
import type { AwsIntake } from './aws-host.ts';
import { hostOn } from './host-on.ts';
import { intakeDeps } from './intake-deps.ts';
import { laterFetched } from './later-fetched.ts';
import { openCore, type Core, type Means } from './open-core.ts';

export type PreparedIntake<Prepared> = AwsIntake & {
  /** What was made of the configuration that holds now. */
  prepared: () => Prepared;
  fetchJson: FetchJson;
};

/**
 * @param options `tellsWarnings`: the log gets what a configuration allows and may not mean; one of the functions is enough
 * @throws TransshipError invalid-config for a wrong environment
 */
export function openIntake(env: NodeJS.ProcessEnv, options: { tellsWarnings?: true } = {}): AwsIntake {
  return intakeOn(openCore<void>(env, { ...options, prepare: () => Promise.resolve() }));
}

/** The same for a function that needs something of each configuration: its receivers. @throws TransshipError invalid-config */
export function openPreparedIntake<Prepared>(
  env: NodeJS.ProcessEnv,
  prepare: (config: Config, means: Means) => Promise<Prepared>,
): PreparedIntake<Prepared> {
  const core = openCore<Prepared>(env, { prepare });
  return { ...intakeOn(core), prepared: () => core.current().prepared, fetchJson: laterFetched(core) };
}

function intakeOn<Prepared>(core: Core<Prepared>): AwsIntake {
  return hostOn(core, intakeDeps(core));
}
