// Gets the keys of issuers of tokens; most functions never ask for one, and load nothing for it.
import type { FetchJson } from '../../../shared/events/signing-keys.ts';
import type { Core } from './open-core.ts';
import { USER_AGENT } from './user-agent.ts';

export function laterFetched<Prepared>(core: Pick<Core<Prepared>, 'current' | 'env'>): FetchJson {
  let loading: Promise<FetchJson> | undefined;
  const load = async (): Promise<FetchJson> => {
    const { jsonFetcher } = await import('../../host/fetch-json.ts');
    const config = () => core.current().loaded.config;
    return jsonFetcher({ env: core.env, certificateAuthorities: [], config, userAgent: USER_AGENT });
  };
  return async (url) => (await (loading ??= load()))(url);
}
