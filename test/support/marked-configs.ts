// Configurations in which a `§` stands where a mistake is to be told.

/** The mark is taken out of the text. */
export type MarkedRow = [why: string, yaml: string, message: string, hint: string];

export function markedConfigs(rows: readonly MarkedRow[]) {
  return rows.map(([why, marked, message, hint]) => {
    const before = marked.slice(0, marked.indexOf('§')).split('\n');
    const at = `${before.length}:${(before.at(-1) ?? '').length + 1}`;
    return { why, yaml: marked.replace('§', ''), at, message, hint };
  });
}
