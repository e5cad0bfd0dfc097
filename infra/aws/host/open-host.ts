// The host of functions that do jobs.
import type { AwsHost, HostDeps } from './aws-host.ts';
import { hostOn } from './host-on.ts';
import { openConnected } from './open-connected.ts';

/** @throws TransshipError invalid-config for a wrong environment */
export function openHost(env: NodeJS.ProcessEnv): AwsHost<HostDeps> {
  const { core, deps, connections } = openConnected(env);
  return hostOn(core, deps, () => connections().borrow().giveBack);
}
