// Images that real clients can unpack: layers are gzipped tar archives, and the configuration names them by the digests of their content.
import { gzipSync } from 'node:zlib';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { CONFIG, digestOf, LAYER, plantBlob, plantManifest, type Place } from './planted-content.ts';

/** The contents of one file in each layer. */
type Content = string | Uint8Array;

export async function plantRealImage(
  place: Place,
  { tag, architecture = 'amd64', layers }: { tag?: string; architecture?: string; layers: readonly Content[] },
): Promise<Descriptor> {
  const archives = layers.map((content, number) => tarOf(`file-${number}`, Buffer.from(content)));
  const planted: Descriptor[] = [];
  for (const archive of archives) planted.push(await plantBlob(place, gzipSync(archive), { mediaType: LAYER }));
  const rootfs = { type: 'layers', diff_ids: archives.map((archive) => digestOf(archive)) };
  const document = {
    architecture,
    os: 'linux',
    config: {},
    rootfs,
    history: layers.map(() => ({ created_by: 'test' })),
  };
  const config = await plantBlob(place, JSON.stringify(document), { mediaType: CONFIG });
  return plantManifest(place, { config, layers: planted }, tag === undefined ? {} : { tag });
}

const BLOCK_BYTES = 512;

/** An archive of one file. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 */
function tarOf(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK_BYTES)]);
}
