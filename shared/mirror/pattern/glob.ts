// Compares text with a pattern of `*` (any characters) and `?` (one character), in time that the product of their lengths bounds.

/** True if the whole text fits the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star: { pattern: number; text: number } | undefined;
  for (let position = 0; position < text.length;) {
    if (pattern[at] === '*') {
      star = { pattern: at, text: position };
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === text[position]) {
      at += 1;
      position += 1;
    } else if (star !== undefined) {
      // the last star takes one character more; an earlier one need not be tried again
      star = { pattern: star.pattern, text: star.text + 1 };
      at = star.pattern + 1;
      position = star.text;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
