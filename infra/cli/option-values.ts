// Reads the values of options while the command line is parsed.

/** Collects a repeatable option whose values may also be separated by commas. */
export function commaSeparated(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(',').map((part) => part.trim())];
}
