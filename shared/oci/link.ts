// Finds the next page of a listing in a Link header. https://www.rfc-editor.org/rfc/rfc8288#section-3
// Only the origin that was asked is trusted; whether pages repeat or never end is the business of whoever follows them.

type Cursor = { readonly text: string; position: number };

// Everything up to the next "<": separators, and junk that belongs to no link.
const TO_TARGET = /[^<]*/y;
const TARGET = /<([^>]*)>/y;
const PARAMETER = /\s*;\s*([^\s=;,"]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;,]*)))?/sy;

/**
 * The URL of the first link with `rel=next`, resolved against the URL that answered.
 * Undefined if there is none, or if it leads to another origin or carries a user name: credentials must not follow it.
 * To tell "no more pages" from "a next page that is not trusted", ask `nextLink`.
 */
export function nextPage(header: string | undefined, base: URL): URL | undefined {
  const target = nextLink(header);
  if (target === undefined || !URL.canParse(target, base.href)) return undefined;
  const url = new URL(target, base.href);
  return url.origin === base.origin && url.username === '' && url.password === '' ? url : undefined;
}

/** The target of the first link with `rel=next` as it stands in the header, wherever it leads. */
export function nextLink(header: string | undefined): string | undefined {
  const cursor: Cursor = { text: header ?? '', position: 0 };
  for (take(cursor, TO_TARGET); cursor.position < cursor.text.length; take(cursor, TO_TARGET)) {
    const target = take(cursor, TARGET)?.[1];
    if (target === undefined) return undefined;
    if (readRelations(cursor).includes('next')) return target;
  }
  return undefined;
}

/** Relation types of the link whose target was just read; of several `rel`, the first counts, as the specification asks. */
function readRelations(cursor: Cursor): string[] {
  let relations: string | undefined;
  for (let match = take(cursor, PARAMETER); match !== undefined; match = take(cursor, PARAMETER)) {
    const [, name = '', quoted, unquoted = ''] = match;
    if (name.toLowerCase() === 'rel') relations ??= quoted?.replace(/\\(.)/gs, '$1') ?? unquoted;
  }
  return (relations ?? '').toLowerCase().split(/\s+/);
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.position;
  const match = pattern.exec(cursor.text) ?? undefined;
  cursor.position += match?.[0].length ?? 0;
  return match;
}
