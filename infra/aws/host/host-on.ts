// A host of what all functions have and of what its own get.
import type { AwsHost } from './aws-host.ts';
import type { Core } from './open-core.ts';

/** @param hold keeps open what the work uses, until its result is called */
export function hostOn<Prepared, Given>(core: Core<Prepared>, deps: Given, hold?: () => () => void): AwsHost<Given> {
  const { settings, logger } = core;
  return { settings, logger, deps, invoke: (invocation, work) => core.run(invocation, () => work(deps), hold) };
}
