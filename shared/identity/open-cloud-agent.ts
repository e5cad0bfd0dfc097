// The agent of calls to clouds, where the environment names a proxy. Where it names none, nothing is loaded, and everybody connects directly.
import type { ProxyEnvironment } from '../oci/http/proxy.ts';
import type { CloudAgent } from './cloud-agent.ts';

const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];

/** For all calls of one client; whoever opens it destroys it. Undefined: there is no proxy. */
export async function openCloudAgent(environment: ProxyEnvironment): Promise<CloudAgent | undefined> {
  if (VARIABLES.every((name) => (environment[name] ?? '') === '')) return undefined;
  const library = await import('./cloud-agent.ts');
  return new library.CloudAgent(environment);
}
