// Reads the head of an HTTP/1.1 response, strictly: what could be understood in two ways is an error.
// https://www.rfc-editor.org/rfc/rfc9112

export type ResponseHead = {
  status: number;
  /** Names in lower case; a repeated header is joined with ", ". */
  headers: Record<string, string | undefined>;
  /** Bytes of the body that follow; undefined where the head does not say it in a plain number. */
  contentLength: number | undefined;
  /** Whether the connection can carry another request after the body. */
  persistent: boolean;
};

/** Splits a head, without the blank line at its end. @throws Error with code HPE_INVALID for anything else */
export function parseResponseHead(text: string): ResponseHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const start = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/.exec(statusLine);
  if (start === null) throw invalid('its first line is no status line');
  const headers: Record<string, string | undefined> = {};
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\0\r\n]*)$/.exec(line);
    if (field === null) throw invalid('a line of its head is no header');
    const name = (field[1] ?? '').toLowerCase();
    const value = withoutBlanks(field[2] ?? '');
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  const status = Number(start[2]);
  const closes = (headers['connection'] ?? '')
    .toLowerCase()
    .split(/\s*,\s*/)
    .includes('close');
  return { status, headers, contentLength: lengthOf(status, headers), persistent: start[1] === '1' && !closes };
}

/** Not by a pattern: one that looks for blanks at the end takes minutes for a long line of them. Nor by `trim`, which takes more than blanks. */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
function lengthOf(status: number, headers: Record<string, string | undefined>): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  if (status === 204 || status === 304) return 0;
  const text = headers['content-length'];
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalid('its Content-Length is no number');
  return Number(text);
}

function invalid(reason: string): Error {
  return Object.assign(new Error(`the answer is not HTTP/1.1: ${reason}`), { code: 'HPE_INVALID' });
}
