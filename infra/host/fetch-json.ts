// Gets the documents in which issuers of tokens publish their keys: over HTTPS, following nobody, with a bound on size and time.
import type { Config } from '../../shared/config/config.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { FetchJson } from '../../shared/events/signing-keys.ts';
import { comparableHost } from '../../shared/oci/egress/egress-policy.ts';
import type { ProxyEnvironment } from '../../shared/oci/http/proxy.ts';
import { readUpTo } from '../../shared/oci/registry-response.ts';
import { createTransport } from '../../shared/oci/http/transport.ts';

const MOST_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;
const OPERATION = 'fetch the signing keys';

export type FetchJsonOptions = {
  env: ProxyEnvironment;
  /** PEM certificates trusted beside the system's. */
  certificateAuthorities: readonly string[];
  config: () => Config;
  userAgent: string;
};

/** Issuers that the configuration names may have any address; where they send us must have a public one. */
export function jsonFetcher({ env, certificateAuthorities, config, userAgent }: FetchJsonOptions): FetchJson {
  return async (url) => {
    if (url.protocol !== 'https:') throw refused(url, 'it is not https');
    const { api, tokenEndpoint } = config();
    const issuers = [...api.oidc, ...(tokenEndpoint?.oidc ?? [])];
    const trusted = issuers.some(({ issuer }) => comparableHost(new URL(issuer)) === comparableHost(url));
    const limitsMs = { connectMs: TIMEOUT_MS, responseMs: TIMEOUT_MS, commitMs: TIMEOUT_MS, stallMs: TIMEOUT_MS };
    const transport = createTransport({ origin: url.origin, certificateAuthorities, proxies: env, timeouts: limitsMs });
    try {
      const response = await transport.exchange({
        method: 'GET',
        url,
        headers: { accept: 'application/json', 'user-agent': userAgent },
        trust: { trusted },
        wait: 'response',
        registry: url.host,
        operation: OPERATION,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status !== 200) throw refused(url, `it answers ${response.status}`);
      const bytes = await readUpTo(response.body, MOST_BYTES, { url, registry: url.host, operation: OPERATION });
      return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
    } finally {
      await transport.close();
    }
  };
}

function refused(url: URL, reason: string): TransshipError {
  return new TransshipError('connection-failed', `${url.host}: signing keys cannot be fetched: ${reason}`, {
    retryable: true,
    hint: 'check the issuer in api.oidc',
  });
}
