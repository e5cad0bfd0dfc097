// Walks the pages of a vendor's bulk listing and checks what they say; each vendor's file tells where the pages are and how to read one.
// A listing is complete or an error: what is synchronised or pruned by it must not take a missing tag for a deleted one.
import { TransshipError, isTransshipError } from '../errors.ts';
import { isDigest } from '../oci/digest.ts';
import { nextLink, nextPage } from '../oci/link.ts';
import type { RegistryPort, RegistryResponse, Scope } from '../oci/registry-request.ts';
import { printable } from '../telemetry/printable.ts';
import type { TagDigest, TagDigestLister } from './vendor.ts';

const MOST_PAGES = 10_000;
const MOST_PAGE_BYTES = 32 * 1024 * 1024;

/** A tag as a page has it, not checked yet; times are ISO 8601 text, or milliseconds since the epoch. */
export type ListedTag = { tag: unknown; digest: unknown; pushedAt?: unknown };

export type Listing = {
  firstPage(repository: string): string | URL;
  /** Without access, no token is asked for unless the registry demands one. */
  scopes?(repository: string): readonly Scope[];
  /** The tags of a page; undefined if the page has not the documented shape. */
  tagsOf(page: unknown): Iterable<ListedTag> | undefined;
  /** Where the next page is; by default, where the Link header says. */
  nextPage?(page: unknown, response: RegistryResponse): string | URL | undefined;
};

/**
 * A lister over the given pages; a tag that moves to a later page meanwhile is given once.
 * It throws TransshipError unsupported where the registry or the login has no such listing (look at each tag instead),
 * invalid-response for pages that cannot be used or never end.
 */
export function listerOf(listing: Listing): TagDigestLister {
  return async function* list(port, repository, { signal }) {
    const seenTags = new Set<string>();
    const seenPages = new Set<string>();
    let lastContent = '';
    for (let target: string | URL | undefined = listing.firstPage(repository); target !== undefined;) {
      const place = typeof target === 'string' ? target : target.pathname + target.search;
      if (seenPages.has(place) || seenPages.size >= MOST_PAGES) throw unusable(port, repository, 'its pages never end');
      seenPages.add(place);

      const { page, response } = await readPage(port, listing, repository, target, signal);
      const content = JSON.stringify(page);
      if (content === lastContent) throw unusable(port, repository, 'its pages repeat');
      lastContent = content;

      const tags = listing.tagsOf(page);
      if (tags === undefined) throw unusable(port, repository, 'it has not the documented shape');
      for (const listed of tags) {
        const checked = checkedTag(port, repository, listed);
        if (!seenTags.has(checked.tag)) yield checked;
        seenTags.add(checked.tag);
      }
      target =
        listing.nextPage === undefined
          ? linked(port, repository, response)
          : sameOrigin(port, repository, response, listing.nextPage(page, response));
    }
  };
}

/** True for a JSON object; its members are still to be checked. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects in a list; undefined if it is no list, or holds anything else. */
export function objectsIn(value: unknown): Record<string, unknown>[] | undefined {
  return Array.isArray(value) && value.every(isObject) ? value : undefined;
}

async function readPage(
  port: RegistryPort,
  listing: Listing,
  repository: string,
  target: string | URL,
  signal: AbortSignal | undefined,
): Promise<{ page: unknown; response: RegistryResponse }> {
  try {
    const response = await port.send({
      operation: 'list tags with digests',
      action: 'list',
      method: 'GET',
      target,
      repository,
      headers: { accept: 'application/json' },
      expect: [200],
      ...(listing.scopes === undefined ? {} : { scopes: listing.scopes(repository) }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { page: await response.json(MOST_PAGE_BYTES), response };
  } catch (error) {
    // These interfaces stand beside the registry's own: a login that may pull, may still not be let in here.
    if (!isTransshipError(error, 'unauthorized', 'denied', 'not-found', 'unsupported')) throw error;
    throw notOffered(port, repository, error);
  }
}

function checkedTag(port: RegistryPort, repository: string, { tag, digest, pushedAt }: ListedTag): TagDigest {
  if (typeof tag !== 'string' || !/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(tag)) {
    throw unusable(port, repository, 'it has a tag with an impossible name');
  }
  // Tags from before a registry kept digests have none.
  if (digest === undefined || digest === null || digest === '') throw notOffered(port, repository);
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw unusable(port, repository, `the digest of tag ${tag} is ${printable(JSON.stringify(digest), 100)}`);
  }
  const date = typeof pushedAt === 'string' || typeof pushedAt === 'number' ? new Date(pushedAt) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? { tag, digest } : { tag, digest, pushedAt: date };
}

/** A next page that the answer itself names; it must be where the answer came from. */
function sameOrigin(
  port: RegistryPort,
  repository: string,
  response: RegistryResponse,
  next: string | URL | undefined,
): URL | undefined {
  if (next === undefined) return undefined;
  const url = URL.canParse(String(next), response.url.href) ? new URL(next, response.url) : undefined;
  if (url !== undefined && url.origin === response.url.origin && url.username === '') return url;
  throw unusable(port, repository, 'its next page is somewhere else');
}

function linked(port: RegistryPort, repository: string, response: RegistryResponse): URL | undefined {
  const header = response.headers['link'];
  const next = nextPage(header, response.url);
  if (next !== undefined || nextLink(header) === undefined) return next;
  throw unusable(port, repository, 'its next page is somewhere else');
}

function unusable(port: RegistryPort, repository: string, reason: string): TransshipError {
  return new TransshipError(
    'invalid-response',
    `${port.host}/${repository}: the listing of tags with digests cannot be used: ${reason}`,
    { hint: 'check the kind that is configured for this registry', details: detailsOf(port, repository) },
  );
}

function notOffered(port: RegistryPort, repository: string, cause?: unknown): TransshipError {
  return new TransshipError(
    'unsupported',
    `${port.host}/${repository}: tags cannot be listed with their digests here`,
    {
      hint: 'list the tags and look at each one',
      details: detailsOf(port, repository),
      cause,
    },
  );
}

function detailsOf(
  port: RegistryPort,
  repository: string,
): { registry: string; repository: string; operation: string } {
  return { registry: port.host, repository, operation: 'list tags with digests' };
}
