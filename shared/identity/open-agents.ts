// The agents of calls to clouds, where the environment names a proxy. Where it names none, nothing is loaded, and everybody connects directly.
import type { ProxyEnvironment } from '../oci/http/proxy.ts';
import type { CloudAgents } from './cloud-agents.ts';

const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];

/** For all calls of one client; whoever opens them destroys them. Undefined: there is no proxy. */
export async function openAgents(environment: ProxyEnvironment): Promise<CloudAgents | undefined> {
  if (VARIABLES.every((name) => (environment[name] ?? '') === '')) return undefined;
  const { createCloudAgents } = await import('./cloud-agents.ts');
  return createCloudAgents(environment);
}
