// A signature as cosign keeps it where registries know referrers, made with a key pair of this run.
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
import { sign, verify, type KeyObject } from 'node:crypto';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { jsonPiece, manifestPiece, type Piece } from './content.ts';

/** The artifact type of its manifest, which the config's media type tells. */
export const COSIGN_SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

const PAYLOAD = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';

/** Signs the digest of an image in a repository. */
export function signatureOf(
  repository: string,
  subject: Descriptor,
  privateKey: KeyObject,
): { blobs: readonly Piece[]; manifest: Piece } {
  const payload = jsonPiece(PAYLOAD, {
    critical: {
      identity: { 'docker-reference': repository },
      image: { 'docker-manifest-digest': subject.digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
  const annotations = { [SIGNATURE_ANNOTATION]: sign('sha256', payload.bytes, privateKey).toString('base64') };
  const layer = { ...payload, descriptor: { ...payload.descriptor, annotations } };
  const config = jsonPiece(COSIGN_SIGNATURE, { rootfs: { type: 'layers', diff_ids: [] } });
  return { blobs: [payload, config], manifest: manifestPiece({ config, layers: [layer] }, { subject }) };
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
