// Texts that are printed for a file of the configuration: what looks like a variable there is none.

/** The same value with `$${` for each `${`, in all texts within. */
export function literalTexts(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(literalTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, literalTexts(member)]));
}
