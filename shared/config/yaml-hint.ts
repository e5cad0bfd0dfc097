// Says what the YAML parser found wrong in the words of somebody who edits a configuration. The text is quoted only where it
// cannot be a secret.

/** YAML reads what begins so as an alias, an anchor or a tag. */
export const QUOTE_PATTERNS = 'put a pattern that begins with *, & or ! in quotes: "*-rc*"';

const HINTS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: QUOTE_PATTERNS,
  BAD_ALIAS: QUOTE_PATTERNS,
  BAD_INDENT: 'indent all keys of one map by the same number of spaces',
  BAD_DQ_ESCAPE: 'write \\\\ for a backslash between "double quotes", or use \'single quotes\'',
  BLOCK_AS_IMPLICIT_KEY: 'put a text with ": " in it in quotes',
  DUPLICATE_KEY: 'keep one of the two, or put both contents under one key',
  MISSING_CHAR:
    'look for an unclosed quote, bracket or brace, or a key without ":"; put {placeholders} in [lists] in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key and its ":" stand on one line; look for a missing ":"',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'leave the !tag out: secrets are written like { env: NAME } or { file: PATH }',
  UNEXPECTED_TOKEN:
    'look for a missing quote, bracket or comma before this place; put {placeholders} in [lists] in quotes',
};

/** The problem's text, message and hint. */
export function yamlHint(
  code: string,
  message: string,
  offending: string,
): { text: string; message: string; hint: string } {
  const first = (message.split('\n', 1)[0] ?? message).replace(/[:.]$/, '');
  const isFlow = code === 'BAD_INDENT' && message.startsWith('Flow');
  const hint = HINTS[isFlow ? 'MISSING_CHAR' : code] ?? 'check the YAML syntax at this place';
  return { text: code === 'DUPLICATE_KEY' ? offending : '', message: lowerFirst(first), hint };
}

function lowerFirst(text: string): string {
  return text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
