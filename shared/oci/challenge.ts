// Reads WWW-Authenticate headers into challenges. A tokenizer, because one header can hold several challenges, quoted commas,
// and values that servers forget to quote; it never fails: what makes no sense is skipped.
// https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1

/** Scheme and parameter names are lower case; a token68 value (as Negotiate sends) is left out. */
export type Challenge = { scheme: string; parameters: Record<string, string> };

type Cursor = { readonly text: string; position: number };

// One item of a list: neither white space nor the characters that separate items.
const WORD = /[^\s,="]+/y;
const GAP = /\s*/y;
const SEPARATORS = /[\s,]*/y;
const UNQUOTED = /[^\s,]*/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/** All challenges in the order of the header; the first of a repeated parameter counts. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const cursor: Cursor = { text: header ?? '', position: 0 };
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (take(cursor, SEPARATORS); cursor.position < cursor.text.length; take(cursor, SEPARATORS)) {
    const word = take(cursor, WORD);
    if (word === '') {
      skipStray(cursor);
      continue;
    }
    const afterWord = cursor.position;
    take(cursor, GAP);
    if (cursor.text[cursor.position] === '=') {
      cursor.position += 1;
      addParameter(challenges.at(-1)?.parameters, word, readValue(cursor));
      continue;
    }
    challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    if (cursor.position > afterWord) take(cursor, TOKEN68);
  }
  // fromEntries makes own properties only: a parameter named __proto__ stays a parameter.
  return challenges.map(({ scheme, parameters }) => ({ scheme, parameters: Object.fromEntries(parameters) }));
}

/** Passes a value without a name, so that nothing inside quotes is ever taken for a challenge. */
function skipStray(cursor: Cursor): void {
  if (cursor.text[cursor.position] === '"') readQuoted(cursor);
  else cursor.position += 1;
}

function addParameter(parameters: Map<string, string> | undefined, name: string, value: string): void {
  const key = name.toLowerCase();
  if (parameters !== undefined && !parameters.has(key)) parameters.set(key, value);
}

function readValue(cursor: Cursor): string {
  take(cursor, GAP);
  return cursor.text[cursor.position] === '"' ? readQuoted(cursor) : take(cursor, UNQUOTED);
}

/** Reads a quoted string with its escapes; one that is never closed ends with the header. */
function readQuoted(cursor: Cursor): string {
  const { text } = cursor;
  let value = '';
  for (cursor.position += 1; cursor.position < text.length; cursor.position += 1) {
    if (text[cursor.position] === '"') {
      cursor.position += 1;
      return value;
    }
    if (text[cursor.position] === '\\') cursor.position += 1;
    value += text[cursor.position] ?? '';
  }
  return value;
}

/** Takes what the sticky pattern matches here, possibly nothing. */
function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.position;
  const match = pattern.exec(cursor.text)?.[0] ?? '';
  cursor.position += match.length;
  return match;
}
