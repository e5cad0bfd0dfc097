// A signature in the form that cosign writes and verifies, made with a key pair of this run.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
import { sign, verify, type KeyObject } from 'node:crypto';
import { OCI_CONFIG } from '../../shared/oci/media-types.ts';
import { jsonPiece, manifestPiece, type Piece } from './content.ts';

const PAYLOAD = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';

export type Signature = { blobs: readonly Piece[]; manifest: Piece; tag: string };

/** Signs the digest that a repository's tag names. */
export function signDigest(reference: string, digest: string, privateKey: KeyObject): Signature {
  const payload = jsonPiece(PAYLOAD, {
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
  const annotations = { [SIGNATURE_ANNOTATION]: sign('sha256', payload.bytes, privateKey).toString('base64') };
  const layer = { ...payload, descriptor: { ...payload.descriptor, annotations } };
  const config = jsonPiece(OCI_CONFIG, { architecture: '', os: '', rootfs: { type: 'layers', diff_ids: [] } });
  return { blobs: [payload, config], manifest: manifestPiece({ config, layers: [layer] }), tag: signatureTag(digest) };
}

/** Where the signature of a digest is kept. */
export function signatureTag(digest: string): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** True if the payload names the digest and the manifest's annotation signs the payload. */
export function signatureHolds(
  manifest: Uint8Array,
  payload: Uint8Array,
  digest: string,
  publicKey: KeyObject,
): boolean {
  const { layers } = JSON.parse(Buffer.from(manifest).toString('utf8'));
  const { critical } = JSON.parse(Buffer.from(payload).toString('utf8'));
  const signature = Buffer.from(layers[0].annotations[SIGNATURE_ANNOTATION], 'base64');
  return critical.image['docker-manifest-digest'] === digest && verify('sha256', payload, publicKey, signature);
}
