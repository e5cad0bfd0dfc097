// Makes text from outside safe to show on one line: control and invisible characters become escapes, and long text is cut.

// Control, format, unassigned, private-use and lone surrogate characters, and the two Unicode line separators.
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The text on one line, at most `maxLength` UTF-16 units of the original, with every invisible character as `\u{hex}`. */
export function printable(text: string, maxLength = 300): string {
  const kept = text.length > maxLength ? text.slice(0, maxLength) : text;
  const shown = kept.replace(INVISIBLE, (character) => `\\u{${codePointOf(character)}}`);
  return kept === text ? shown : `${shown}…`;
}

/** Code point of the first character, as lower-case hex. */
function codePointOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
