// Follows redirects by hand: each hop passes the egress guard, and only the registry's exact origin ever sees a credential.
import { TransshipError } from '../../errors.ts';
import { checkUrl } from '../egress/egress-guard.ts';
import type { EgressPolicy, EgressTrust } from '../egress/egress-policy.ts';
import { originOf } from '../egress/egress-policy.ts';
import type { Place } from '../located-error.ts';
import { detailsOf, nameOf } from '../located-error.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import type { Transport } from './transport.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
/** What a host that the registry sends us to may see of the request's headers. */
const HEADERS_FOR_OTHERS = new Set([
  'accept',
  'accept-encoding',
  'content-length',
  'content-range',
  'content-type',
  'range',
  'user-agent',
]);

export type FollowedResponse = HttpResponse & { url: URL };

/**
 * Sends a GET or HEAD and goes where the answers lead.
 * @param authorization the header for the registry's own origin
 * @throws TransshipError too-many-redirects, egress-denied, and what the transport throws
 */
export async function follow(
  first: Omit<HttpRequest, 'trust'>,
  authorization: string | undefined,
  policy: EgressPolicy,
  transport: Transport,
): Promise<FollowedResponse> {
  let url = first.url;
  let credential = authorization;
  let trust: EgressTrust = checkUrl(url, 'location', policy);
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const headers = headersFor(url, first.headers, credential, policy);
    const response = await transport.exchange({ ...first, url, headers, trust });
    const location = response.headers['location'];
    if (!REDIRECTS.has(response.status) || location === undefined) return { ...response, url };
    await response.body.dump({ limit: 64 * 1024 });
    const next = resolveLocation(location, url, first);
    trust = checkUrl(next, 'redirect', policy, url);
    // Whoever sends us back to the registry does not get to use our login there.
    if (originOf(next) !== originOf(policy.registryUrl)) credential = undefined;
    url = next;
  }
  throw new TransshipError(
    'too-many-redirects',
    `${nameOf(first)}: ${first.operation} failed: more than ${MOST_REDIRECTS} redirects`,
    {
      hint: 'the registry, or a proxy before it, redirects in a circle',
      details: detailsOf(first),
    },
  );
}

/** Headers for one hop: all of them and the credential for the registry's origin, next to nothing for anyone else. */
export function headersFor(
  url: URL,
  headers: Record<string, string>,
  authorization: string | undefined,
  policy: EgressPolicy,
): Record<string, string> {
  if (originOf(url) === originOf(policy.registryUrl)) {
    return authorization === undefined ? headers : { ...headers, authorization };
  }
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HEADERS_FOR_OTHERS.has(name)));
}

/** Resolves a Location against the URL that sent it. @throws TransshipError invalid-response */
export function resolveLocation(location: string, base: URL, call: Place): URL {
  if (URL.canParse(location, base.href)) return new URL(location, base);
  throw new TransshipError(
    'invalid-response',
    `${nameOf(call)}: ${call.operation} failed: the Location it sent is not a URL`,
    {
      hint: 'the registry, or a proxy before it, is misconfigured',
      details: detailsOf(call),
    },
  );
}
