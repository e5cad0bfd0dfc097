// Finds where text stops being JSON. The parser's own message is no help for a file with passwords: it quotes the file.
// https://www.rfc-editor.org/rfc/rfc8259

const SPACE = /[ \t\r\n]*/y;
// A string's characters as the grammar lists them: everything from the space on, but the quote and the backslash.
const SCALAR =
  /(?:"(?:[ !#-[\]-\u{10ffff}]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;
const KEY = /"(?:[ !#-[\]-\u{10ffff}]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"[ \t\r\n]*:/uy;

/** Line and column, both from 1, of the first place where the text cannot go on as JSON; its end if it is cut short. */
export function jsonErrorPosition(text: string): { line: number; column: number } {
  const lines = text.slice(0, validLength(text)).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** How far the text can be read. Containers that are open are a stack, so that deep nesting cannot exhaust the call stack. */
function validLength(text: string): number {
  const open: ('}' | ']')[] = [];
  let position = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = position;
    const length = pattern.exec(text)?.[0].length;
    position += length ?? 0;
    return length !== undefined;
  };

  /** Reads what stands before a value in its container; false where nothing valid does. */
  const takeKey = (): boolean => open.at(-1) !== '}' || (take(KEY) && take(SPACE));

  for (take(SPACE); position < text.length;) {
    const closer = text[position] === '{' ? '}' : text[position] === '[' ? ']' : undefined;
    if (closer !== undefined) {
      open.push(closer);
      position += 1;
      take(SPACE);
      const isFilled = text[position] !== closer;
      if (isFilled && !takeKey()) return position;
      if (isFilled) continue;
    } else if (!take(SCALAR)) return position;

    for (take(SPACE); open.length > 0 && text[position] === open.at(-1); take(SPACE)) {
      open.pop();
      position += 1;
    }
    if (open.length === 0 || text[position] !== ',') return position;
    position += 1;
    take(SPACE);
    if (!takeKey()) return position;
  }
  return position;
}
