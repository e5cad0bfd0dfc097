// The layers of the demo's images: small file trees with enough incompressible data in them that a copy takes a moment.
import { createCipheriv } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../shared/oci/digest.ts';
import { piece, type Piece } from './content.ts';
import { tar, type TarEntry } from './tar.ts';

/** A layer, and the digest of its tar archive, by which an image's configuration names it. */
export type Layer = Piece & { diffId: string };

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
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

/** One program for one architecture. */
export function programLayer(name: string, architecture: string): Layer {
  return layer([
    { name: 'opt' },
    { name: `opt/${name}`, content: text(`#!/bin/sh\necho "${name} for ${architecture}"\n`), mode: 0o755 },
    { name: `opt/${name}.bin`, content: noise(`${name} ${architecture}`, MIB) },
  ]);
}

function layer(entries: readonly TarEntry[]): Layer {
  const archive = tar(entries);
  return { ...piece(LAYER, gzipSync(archive, { level: 1 })), diffId: digestOf(archive) };
}

function text(content: string): Buffer {
  return Buffer.from(content);
}

/** Bytes that look random, and are the same for the same seed. */
function noise(seed: string, sizeBytes: number): Buffer {
  const key = Buffer.from(seed.padEnd(16)).subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}
