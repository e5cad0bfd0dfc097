// Pages of sorted names: `n` is the size of a page, `last` the name before it, and a Link header leads to the next.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
import { refusal } from './reply.ts';
import type { Exchange } from './exchange.ts';

/** Cuts one page out of all names; the names come in any order and leave in byte order. */
export function pageOf(
  exchange: Exchange,
  names: Iterable<string>,
  maxPageSize: number | undefined,
): { page: string[]; headers: Record<string, string> } {
  const query = exchange.url.searchParams;
  const n = query.get('n');
  if (n !== null && !/^\d{1,9}$/.test(n)) throw refusal(400, 'PAGINATION_NUMBER_INVALID', `n is "${n}"`);
  const size = Math.min(n === null ? Infinity : Number(n), maxPageSize ?? Infinity);
  const last = query.get('last');
  // Names are ASCII, so the default order of strings is byte order.
  const rest = [...names].sort().filter((name) => last === null || name > last);
  const page = rest.slice(0, size);
  const end = page.at(-1);
  if (end === undefined || page.length === rest.length) return { page, headers: {} };
  const next = `${exchange.url.pathname}?n=${size}&last=${encodeURIComponent(end)}`;
  return { page, headers: { link: `<${exchange.locate(next)}>; rel="next"` } };
}
