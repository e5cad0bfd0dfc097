// Pages of lists: `?limit&cursor` in, `next` and a Link header out.
import * as z from 'zod';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

export const pageQuery = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, { error: `it is a number from 1 to ${MAX_LIMIT}` })
    .transform(Number)
    .refine((limit) => limit <= MAX_LIMIT, { error: `it is at most ${MAX_LIMIT}` })
    .default(DEFAULT_LIMIT)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: MAX_LIMIT,
      default: DEFAULT_LIMIT,
      description: 'most items of a page',
    }),
  cursor: z
    .string()
    .regex(/^[\w-]{1,64}$/, { error: 'it is the `next` of the page before' })
    .optional()
    .describe('`next` of the page before'),
};

/** The answer of a list. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().optional().describe('cursor of the next page; absent on the last'),
  });
}

export const pageHeaders = z.object({ Link: z.string().optional().describe('`rel="next"`') });

export type Page<Item> = { items: Item[]; next: string | undefined };

/** A page, with the link to the next one in place of where this one was asked. https://www.rfc-editor.org/rfc/rfc8288 */
export function pageResponse<Item>({ items, next }: Page<Item>, requestUrl: string): Response {
  if (next === undefined) return Response.json({ items });
  const { pathname, searchParams } = new URL(requestUrl);
  searchParams.set('cursor', next);
  return Response.json({ items, next }, { headers: { link: `<${pathname}?${searchParams.toString()}>; rel="next"` } });
}

const MAX_ROUNDS = 10;

/**
 * A page of what may be seen, out of pages that hold other things, too. Ends early when much is hidden: such a page is short, and
 * has a next one.
 */
export async function visiblePage<Item>(
  fetchPage: (limit: number, cursor: string | undefined) => Promise<Page<Item>>,
  isVisible: (item: Item) => boolean,
  limit: number,
  cursor: string | undefined,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let next = cursor;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // never more than there is room for: the cursor stands behind the whole page
    const page = await fetchPage(limit - items.length, next);
    items.push(...page.items.filter(isVisible));
    next = page.next;
    if (next === undefined || items.length >= limit) break;
  }
  return { items, next };
}
