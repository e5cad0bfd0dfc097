// The pieces that images are made of, as bytes with their descriptors.
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { digestOf } from '../../shared/oci/digest.ts';
import { OCI_MANIFEST } from '../../shared/oci/media-types.ts';

/** Bytes and what names them. */
export type Piece = { bytes: Buffer; descriptor: Descriptor };

/** What one repository is to hold: every manifest comes after all that it names. */
export type RepositoryContent = {
  repository: string;
  blobs: readonly Piece[];
  manifests: readonly (Piece & { tag?: string })[];
};

export function piece(mediaType: string, bytes: Buffer, rest: Partial<Descriptor> = {}): Piece {
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength, ...rest } };
}

export function jsonPiece(mediaType: string, value: unknown, rest: Partial<Descriptor> = {}): Piece {
  return piece(mediaType, Buffer.from(JSON.stringify(value)), rest);
}

/** An image manifest, or an artifact in the shape of one. */
export function manifestPiece(
  parts: { config: Piece; layers: readonly Piece[] },
  fields: Record<string, unknown> = {},
): Piece {
  return jsonPiece(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...fields,
    config: parts.config.descriptor,
    layers: parts.layers.map(({ descriptor }) => descriptor),
  });
}
