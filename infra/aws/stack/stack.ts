// The whole fragment: what `resources` of serverless.yml is. Variables of osls (`${param:…}`, `${sls:stage}`) stand in it as they are.
import type { Config } from '../../../shared/config/config.ts';
import { alarms } from './alarms.ts';
import { configBucket } from './config-bucket.ts';
import { deployment } from './deployment.ts';
import { eventBus } from './event-bus.ts';
import { joined } from './fragment.ts';
import { extensions } from './extensions.ts';
import { masterKey } from './master-key.ts';
import { parameters } from './parameters.ts';
import { queues } from './queues.ts';
import { roles } from './roles.ts';
import { schedules } from './schedules.ts';
import { tables } from './tables.ts';

/** @throws TransshipError invalid-config for a configuration that asks for more rights than a role can hold */
export function stackOf(config: Config) {
  return {
    ...joined([parameters, tables, queues, configBucket, masterKey, eventBus, schedules, alarms, roles(config)]),
    Metadata: deployment,
    extensions,
  };
}
