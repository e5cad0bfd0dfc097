// Rows of text with aligned columns.
import { visibleLength } from './style.ts';

/** Pads every cell but the last of its row to the column's width; `gap` spaces stand between columns. */
export function alignColumns(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
    }
  }
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, (widths[column] ?? 0) + gap))).join(''),
  );
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - visibleLength(cell)));
}
