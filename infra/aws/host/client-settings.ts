// How the clients of the SDK are set up in a function: with the keys that stand in its environment, and with less patience than the SDK
// has, because somebody waits or a job holds a lease.
import { keysOf } from '../../../shared/identity/aws.ts';

export type ClientSettings = {
  /** Absent: the SDK looks for them. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  requestHandler: typeof TIMEOUTS;
};

/**
 * In milliseconds; what took so long is tried again. Of a request without an answer the SDK only warns, unless it is told to throw: one on
 * a connection that went while the process was frozen would hang until the function is killed, with the leases of its jobs.
 */
const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 5000, socketTimeout: 5000, throwOnRequestTimeout: true };

export function clientSettings(env: NodeJS.ProcessEnv): ClientSettings {
  const keys = keysOf({}, env);
  if (keys === undefined) return { requestHandler: TIMEOUTS };
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  return {
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
    requestHandler: TIMEOUTS,
  };
}
