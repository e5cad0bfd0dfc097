// The layers of the demo's images: small file trees with enough incompressible data in them that a copy takes a moment.
import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../shared/oci/digest.ts';
import { piece, type Piece } from './content.ts';
import { tar, type TarEntry } from './tar.ts';

/** A layer, and the digest of its tar archive, by which an image's configuration names it. */
export type Layer = Piece & { diffId: string };

const TAR = 'application/vnd.oci.image.layer.v1.tar';
const MIB = 1024 * 1024;

/** What all images and platforms of the demo stand on. */
export function baseLayer(): Layer {
  return layer([
    { name: 'etc' },
    { name: 'etc/os-release', content: text('ID=transship-demo\nPRETTY_NAME="Transship demo base"\nVERSION_ID=1\n') },
    {
      name: 'etc/passwd',
      content: text('root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n'),
    },
    { name: 'usr' },
    { name: 'usr/share' },
    { name: 'usr/share/base.bin', content: noise('base', 8 * MIB) },
  ]);
}

/** One version of a program for one architecture. */
export function programLayer(name: string, tag: string, architecture: string): Layer {
  return layer([
    { name: 'opt' },
    { name: `opt/${name}`, content: text(`#!/bin/sh\necho "${name} ${tag} for ${architecture}"\n`), mode: 0o755 },
    { name: `opt/${name}.bin`, content: noise(`${name} ${tag} ${architecture}`, MIB) },
  ]);
}

/** Much data in one file, not packed. */
export function dataLayer(sizeMiB: number): Layer {
  const archive = tar([
    { name: 'data' },
    { name: `data/${sizeMiB}.bin`, content: noise(`data ${sizeMiB}`, sizeMiB * MIB) },
  ]);
  const packed = piece(TAR, archive);
  return { ...packed, diffId: packed.descriptor.digest };
}

function layer(entries: readonly TarEntry[]): Layer {
  const archive = tar(entries);
  // noise does not get smaller
  return { ...piece(`${TAR}+gzip`, gzipSync(archive, { level: 0 })), diffId: digestOf(archive) };
}

function text(content: string): Buffer {
  return Buffer.from(content);
}

/** Bytes that look random, and are the same for the same seed. */
function noise(seed: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}
