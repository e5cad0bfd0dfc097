// What belongs to an image beside its layers: provenance, which stands in its index, and an SBOM, which refers to it.
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { OCI_CONFIG, OCI_EMPTY } from '../../shared/oci/media-types.ts';
import { jsonPiece, manifestPiece, type Piece } from './content.ts';

type Belonging = { blobs: readonly Piece[]; manifest: Piece };

const IN_TOTO = 'application/vnd.in-toto+json';
const SPDX = 'application/spdx+json';

/** https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
export function attestationOf(image: Piece): Belonging {
  const { digest } = image.descriptor;
  const predicateType = 'https://slsa.dev/provenance/v1';
  const statement = jsonPiece(
    IN_TOTO,
    {
      _type: 'https://in-toto.io/Statement/v1',
      predicateType,
      subject: [{ name: 'demo/app', digest: { sha256: hexOf(digest) } }],
      predicate: { buildDefinition: { buildType: 'https://mobyproject.org/buildkit@v1' }, runDetails: {} },
    },
    { annotations: { 'in-toto.io/predicate-type': predicateType } },
  );
  const config = jsonPiece(OCI_CONFIG, {
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [statement.descriptor.digest] },
  });
  const { bytes, descriptor } = manifestPiece({ config, layers: [statement] });
  const platform = { os: 'unknown', architecture: 'unknown' };
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': digest };
  return { blobs: [statement, config], manifest: { bytes, descriptor: { ...descriptor, platform, annotations } } };
}

/** https://spdx.github.io/spdx-spec/v2.3/ */
export function sbomOf(repository: string, subject: Descriptor, created: string): Belonging {
  const empty = jsonPiece(OCI_EMPTY, {});
  const document = jsonPiece(SPDX, {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: repository,
    documentNamespace: `https://example.com/spdx/${hexOf(subject.digest)}`,
    creationInfo: { created, creators: ['Tool: transship-demo'] },
    packages: [{ SPDXID: 'SPDXRef-base', name: 'demo-base', versionInfo: '1', downloadLocation: 'NOASSERTION' }],
  });
  const manifest = manifestPiece({ config: empty, layers: [document] }, { artifactType: SPDX, subject });
  return { blobs: [empty, document], manifest };
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}
