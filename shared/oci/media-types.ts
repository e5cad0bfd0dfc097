// The media types of manifests and layers that Transship treats in a special way; every other type is opaque.
// https://github.com/opencontainers/image-spec/blob/main/media-types.md

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_ARTIFACT_MANIFEST = 'application/vnd.oci.artifact.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const DOCKER_SCHEMA1_SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

const INDEX_TYPES = new Set([OCI_INDEX, DOCKER_LIST]);
const IMAGE_TYPES = new Set([OCI_MANIFEST, DOCKER_MANIFEST]);
const SCHEMA1_TYPES = new Set([DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED]);
const FOREIGN_LAYER = /^application\/vnd\.(?:docker\.image\.rootfs\.foreign\.|oci\.image\.layer\.nondistributable\.)/;

/**
 * The Accept header of every manifest request. Without all of these, registries convert what they have or answer that it
 * is absent; without schema 1, they do not fall back to it.
 */
export const MANIFEST_ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, OCI_ARTIFACT_MANIFEST].join(
  ', ',
);

/** The media type without parameters, in lower case; empty for an absent header. */
export function baseType(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/** True for an OCI index and a Docker manifest list. */
export function isIndexType(mediaType: string): boolean {
  return INDEX_TYPES.has(baseType(mediaType));
}

/** True for an image manifest, OCI or Docker schema 2. */
export function isImageType(mediaType: string): boolean {
  return IMAGE_TYPES.has(baseType(mediaType));
}

/** True for Docker's schema 1, which is known only to be refused. */
export function isSchema1Type(mediaType: string): boolean {
  return SCHEMA1_TYPES.has(baseType(mediaType));
}

/** True for everything that registries keep under `/manifests/`, schema 1 too; an index entry of another type is a blob. */
export function isManifestType(mediaType: string): boolean {
  const type = baseType(mediaType);
  return isIndexType(type) || isImageType(type) || type === OCI_ARTIFACT_MANIFEST || isSchema1Type(type);
}

/** True for layers that must not be distributed, such as those of Windows base images. */
export function isForeignLayerType(mediaType: string): boolean {
  return FOREIGN_LAYER.test(baseType(mediaType));
}
