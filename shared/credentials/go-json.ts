// Strings as Go's encoding/json writes them, which is how kubectl writes Secrets.
// https://pkg.go.dev/encoding/json#Marshal

/** In quotes; `<`, `>`, `&` and the two Unicode line separators as escapes, and what cannot be UTF-8 as that of U+FFFD. */
export function goString(text: string): string {
  const pieces = text.split(/\p{Surrogate}/u).map((piece) => JSON.stringify(piece).slice(1, -1));
  const escaped = pieces.join('\\ufffd').replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
