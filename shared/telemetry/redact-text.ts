// Takes what looks like a secret out of text that others wrote (answers of servers, output of programs) before it is shown.
// Our own secrets never get that far: they are `Secret` values.

type Replacement = readonly [RegExp, string];

/**
 * What stands behind one of the names. Directly behind a colon only where the name is no end of a longer one: `acme/auth-token:v1.2` is an
 * image.
 */
function named(names: string, before: string): Replacement[] {
  const value = String.raw`${before}[^\s"'&,;]+`;
  const separator = String.raw`["']\s*[=:]\s*["']?|\s*=\s*["']?|\s*:\s+["']?|\s+:|:["']`;
  return [
    [new RegExp(`((?:${names})(?:${separator}))${value}`, 'gi'), '$1[redacted]'],
    [new RegExp(`(?<![/._-])((?:${names}):)${value}`, 'gi'), '$1[redacted]'],
  ];
}

const REPLACEMENTS: readonly Replacement[] = [
  // Signed URLs carry their signature in the query, some a password before the host.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"'<>]+@/gi, '$1[redacted]@'],
  [/\b(https?:\/\/[^\s?"'<>]+)\?[^\s"'<>]+/gi, '$1?[redacted]'],
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]{16,}/gi, '$1 [redacted]'],
  [/\beyJ[a-z0-9_-]{8,}(?:\.[a-z0-9_-]*){0,4}/gi, '[redacted]'],
  ...named('password|passwd|secret|api[-_]?key', ''),
  // "token: expired" is a sentence; a token is not a plain word.
  ...named('token|signature|credential|authorization|\\bsig|_state|x-amz-[a-z-]+', `(?![a-z]+[.!?]?(?:[\\s"'&,;]|$))`),
  [/\b((?:gh[opsu]|glpat|dckr_pat)[_-])[a-z0-9_-]{16,}/gi, '$1[redacted]'],
];

/** The text with passwords, tokens and signed queries replaced, as far as their form gives them away. */
export function redactText(text: string): string {
  let shown = text;
  for (const [pattern, replacement] of REPLACEMENTS) shown = shown.replace(pattern, replacement);
  return shown;
}
