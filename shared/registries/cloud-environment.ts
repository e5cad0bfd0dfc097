// The environment in which a registry's cloud is asked: where its entry names a proxy, that one in place of the variables.
import type { ConnectionMaterial } from '../oci/registry-settings.ts';

type Place = { env: NodeJS.ProcessEnv; material?: (() => Promise<ConnectionMaterial>) | undefined };

/** For calls to the cloud only: no child process gets it. @throws TransshipError invalid-config where the proxy cannot be read */
export async function cloudEnvironment({ env, material }: Place): Promise<NodeJS.ProcessEnv> {
  const proxy = (await material?.())?.proxy?.reveal();
  if (proxy === undefined) return env;
  // lower case goes before upper case
  return { ...env, https_proxy: proxy, http_proxy: proxy, no_proxy: '' };
}
