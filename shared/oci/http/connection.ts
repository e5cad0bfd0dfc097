// Everything that belongs to one registry at one base URL: the egress policy, the transport and the authorizer, bound together.
import type { Authorizer, TokenRequest, TokenResponse } from '../auth/authorization.ts';
import { createAuthorizer } from '../auth/authorizer.ts';
import { checkRealm } from '../egress/egress-guard.ts';
import type { EgressPolicy } from '../egress/egress-policy.ts';
import { originOf } from '../egress/egress-policy.ts';
import { networkError } from './network-errors.ts';
import { readUpTo } from '../registry-response.ts';
import type { RegistryRuntime, RegistrySettings } from '../registry-settings.ts';
import { probeScheme } from './scheme-probe.ts';
import type { Transport } from './transport.ts';
import { createTransport } from './transport.ts';

export type Connection = { baseUrl: URL; policy: EgressPolicy; transport: Transport; authorizer: Authorizer };

const MOST_TOKEN_BYTES = 64 * 1024;

/** Settles the scheme; sends nothing else. */
export async function openConnection(settings: RegistrySettings, runtime: RegistryRuntime): Promise<Connection> {
  const { certificateAuthorities = [], ...material } = (await settings.material?.()) ?? {};
  const scheme = settings.scheme === 'detect' ? await detectScheme(settings) : settings.scheme;
  const baseUrl = new URL(`${scheme}//${settings.apiHost}${settings.pathPrefix}`);
  const policy: EgressPolicy = {
    registryUrl: baseUrl,
    trustedHosts: settings.trustedHosts,
    ...(settings.publicOnly ? { publicOnly: true } : {}),
  };
  const transport = createTransport({
    origin: originOf(baseUrl),
    certificateAuthorities: [...settings.certificateAuthorities, ...certificateAuthorities],
    ...material,
    proxies: runtime.proxies,
    timeouts: runtime.timeouts,
    ...(runtime.lookup === undefined ? {} : { lookup: runtime.lookup }),
  });
  const authorizer = createAuthorizer({
    registry: settings.host,
    baseUrl,
    credentials: settings.credentials,
    exchange: (request) => exchangeToken(request, settings.host, runtime.userAgent, policy, transport),
    guardRealm: async (url) => void (await checkRealm(url, policy)),
    now: runtime.now,
  });
  return { baseUrl, policy, transport, authorizer };
}

/** @throws TransshipError connection-failed where nobody listens */
async function detectScheme({ host, apiHost }: RegistrySettings): Promise<'http:' | 'https:'> {
  const url = new URL(`http://${apiHost}`);
  try {
    return await probeScheme(url.hostname.replace(/^\[|\]$/g, ''), url.port === '' ? 443 : Number(url.port));
  } catch (error) {
    throw networkError(error, { url, registry: host, operation: 'connect to the registry' });
  }
}

/** Follows no redirect: a token server that sends its callers elsewhere would send their passwords there. */
async function exchangeToken(
  request: TokenRequest,
  registry: string,
  userAgent: string,
  policy: EgressPolicy,
  transport: Transport,
): Promise<TokenResponse> {
  const operation = 'log in';
  const response = await transport.exchange({
    method: request.method,
    url: request.url,
    headers: { 'user-agent': userAgent, ...request.headers },
    ...(request.form === undefined ? {} : { body: Buffer.from(request.form) }),
    trust: await checkRealm(request.url, policy),
    wait: 'response',
    registry,
    operation,
  });
  const body = await readUpTo(response.body, MOST_TOKEN_BYTES, { url: request.url, registry, operation });
  return { status: response.status, headers: response.headers, body };
}
