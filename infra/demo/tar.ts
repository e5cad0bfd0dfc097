// Writes small tar archives, the format of image layers: the same files give the same bytes.
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 (ustar)

/** A file, or a folder where `content` is absent. Names are relative, without a slash at either end. */
export type TarEntry = { name: string; content?: Uint8Array; mode?: number };

const BLOCK_BYTES = 512;

/** The entries in their order, then the two empty blocks that end an archive. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK_BYTES)]);
}

function blocksOf(entry: TarEntry): Uint8Array[] {
  const { content } = entry;
  if (content === undefined) return [header({ ...entry, name: `${entry.name}/`, mode: entry.mode ?? 0o755 }, '5')];
  const padding = Buffer.alloc((BLOCK_BYTES - (content.byteLength % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header(entry, '0'), content, padding];
}

function header({ name, content, mode = 0o644 }: TarEntry, typeFlag: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 100);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(content?.byteLength ?? 0, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(typeFlag, 156);
  block.write('ustar\u000000', 257);
  // The checksum is that of the header with spaces in its place.
  block.fill(' ', 148, 156);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${octal(checksum, 7)} `, 148);
  return block;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\u0000`;
}
