// The function that takes the notifications of registries: `/hooks/<kind>/<receiver>[/<token>]`.
import { createPushApi } from '../../functions/http-api/create-push-api.ts';
import { openReceivers } from '../../functions/registry-push/receivers.ts';
import { httpHandler } from './host/http/serve-http.ts';
import { openPreparedIntake } from './host/open-intake.ts';

const host = openPreparedIntake(process.env, async (config, { readSecret, masterKey }) =>
  openReceivers(config, { resolveSecret: readSecret, masterKey: await masterKey(config) }),
);

export const handler = httpHandler(
  host,
  createPushApi({ ...host.deps, receivers: host.prepared, fetchJson: host.fetchJson }),
);
