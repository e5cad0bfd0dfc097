// The next page of a listing, or the certainty that there is none.
import { TransshipError } from '../errors.ts';
import { nextLink, nextPage } from './link.ts';
import type { RegistryResponse } from './registry-request.ts';

/**
 * Undefined on the last page.
 * @throws TransshipError egress-denied for a page elsewhere: taking it for the end would cut the list without a word
 */
export function followingPage(response: RegistryResponse, registry: string, operation: string): URL | undefined {
  const header = response.headers['link'];
  const next = nextPage(header, response.url);
  if (next !== undefined || nextLink(header) === undefined) return next;
  throw new TransshipError(
    'egress-denied',
    `${registry}: ${operation} failed: its next page lies on another host or scheme`,
    {
      hint: 'a proxy before the registry hides its real address: let it pass X-Forwarded-Proto and Host on',
      details: { registry, operation },
    },
  );
}
