// Media types: which are indexes, images, foreign layers.
import { expect, test } from 'vitest';
import {
  baseType,
  DOCKER_CONFIG,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  isForeignLayerType,
  isImageType,
  isIndexType,
  isManifestType,
  isSchema1Type,
  MANIFEST_ACCEPT,
  OCI_ARTIFACT_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../shared/oci/media-types.ts';

test.each([
  [OCI_INDEX, 'index manifest'],
  [DOCKER_LIST, 'index manifest'],
  [`${DOCKER_LIST}; charset=utf-8`, 'index manifest'],
  [OCI_INDEX.toUpperCase(), 'index manifest'],
  [OCI_MANIFEST, 'image manifest'],
  [DOCKER_MANIFEST, 'image manifest'],
  [OCI_ARTIFACT_MANIFEST, 'manifest'],
  [DOCKER_SCHEMA1, 'schema1 manifest'],
  [DOCKER_SCHEMA1_SIGNED, 'schema1 manifest'],
  [OCI_CONFIG, ''],
  [DOCKER_CONFIG, ''],
  [OCI_EMPTY, ''],
  ['application/vnd.oci.image.layer.v1.tar+gzip', ''],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'foreign'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'foreign'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'foreign'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', ''],
  ['', ''],
])('classifies %s as "%s"', (type, expected) => {
  const kinds = [
    isIndexType(type) && 'index',
    isImageType(type) && 'image',
    isSchema1Type(type) && 'schema1',
    isManifestType(type) && 'manifest',
    isForeignLayerType(type) && 'foreign',
  ];
  expect(kinds.filter((kind) => kind !== false).join(' ')).toBe(expected);
});

test('asks for the four types that every registry must be asked for and for artifact manifests, never for schema 1', () => {
  expect(MANIFEST_ACCEPT.split(', ')).toStrictEqual([
    OCI_INDEX,
    OCI_MANIFEST,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_ARTIFACT_MANIFEST,
  ]);
});

test.each([
  [undefined, ''],
  ['', ''],
  [' Application/JSON ; charset="a;b"', 'application/json'],
  [';', ''],
])('the base type of %j is %j', (header, expected) => {
  expect(baseType(header)).toBe(expected);
});
