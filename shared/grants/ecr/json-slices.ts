// The parts of a JSON object or list as they stand in its text: what is somebody else's has to stay as it is, byte for byte.

const STRING = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;
const MARKS = new RegExp(`${STRING}|[[\\]{},]`, 'g');
const NAME = new RegExp(`^(${STRING})\\s*:\\s*`);
const SPACE = new RegExp(`(${STRING})|\\s+`, 'g');

/** What stands between the commas of an object or list, in order. Of a text that is known to be JSON. */
export function slicesOf(container: string): string[] {
  const slices: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: mark, index } of container.matchAll(MARKS)) {
    if (mark === '{' || mark === '[') {
      depth += 1;
      if (depth === 1) start = index + 1;
    } else if (mark === '}' || mark === ']') {
      if (depth === 1) slices.push(container.slice(start, index));
      depth -= 1;
    } else if (mark === ',' && depth === 1) {
      slices.push(container.slice(start, index));
      start = index + 1;
    }
  }
  return slices.map((slice) => slice.trim()).filter((slice) => slice !== '');
}

/** A slice of an object: the name of the member, and the text of its value. */
export function memberOf(slice: string): { name: string; text: string } {
  const found = NAME.exec(slice);
  const name: unknown = JSON.parse(found?.[1] ?? '""');
  return { name: String(name), text: slice.slice(found?.[0].length ?? 0) };
}

/** The same without the space between its signs; what is in strings stays. */
export function withoutSpace(text: string): string {
  return text.replace(SPACE, (_, string: string | undefined) => string ?? '');
}
