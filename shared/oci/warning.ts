// Warnings that a registry adds to its answers. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#warnings

/** The text of a `299 - "text"` warning; undefined for anything else. Shown to people, never acted on. */
export function unquoteWarning(header: string | undefined): string | undefined {
  const match = /^299 - "((?:[^"\\]|\\.){1,512})"/.exec(header ?? '');
  const text = match?.[1]?.replace(/\\(.)/g, '$1').replace(/[\p{Cc}]+/gu, ' ');
  return text === '' ? undefined : text;
}
