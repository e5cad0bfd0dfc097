// Shows what is behind a reference as a tree: a pure function of what was read.
import type { InspectedNode, Inspection } from '../../../shared/mirror/inspect.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { formatPlatform } from '../../../shared/oci/platform.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Glyphs } from './bar.ts';
import type { Style } from './style.ts';
import { treeLines, type TreeNode } from './tree.ts';
import { count, formatBytes } from './units.ts';

type Look = { style: Style; glyphs: Glyphs };

/** Annotations that say what a thing is; the rest is for machines. */
const TELLING_ANNOTATIONS = [
  'org.opencontainers.image.title',
  'org.opencontainers.image.version',
  'org.opencontainers.image.created',
  'org.opencontainers.image.source',
  'org.opencontainers.image.revision',
  'org.opencontainers.image.base.name',
  'io.transship.source.digest',
];
const PREDICATE_TYPE = 'in-toto.io/predicate-type';

/** The lines for people. */
export function inspectionLines(reference: string, { root, totals }: Inspection, look: Look): string[] {
  const { manifests, blobs, sizeBytes } = totals;
  return [
    look.style('bold', reference),
    ...treeLines(nodeTree(root, look), look.glyphs),
    `${count(manifests, 'manifest')}, ${count(blobs, 'blob')}, ${formatBytes(sizeBytes)}`,
  ];
}

function nodeTree(node: InspectedNode, look: Look): TreeNode {
  const children: TreeNode[] = [
    ...annotationLeaves(node, look),
    ...(node.layers ?? []).map((layer) => layerLeaf(layer, look)),
    ...(node.manifests ?? []).map((child) => nodeTree(child, look)),
    ...(node.attestations ?? []).map((child) => leaf(`attestation ${child.digest} ${predicatesOf(child)}`)),
    ...(node.referrers ?? []).map((referrer) => referrerLeaf(referrer)),
    ...(node.digestTags ?? []).map(({ tag, digest }) =>
      leaf(`cosign ${tag.slice(tag.lastIndexOf('.') + 1)} ${digest}`),
    ),
  ];
  return { label: labelOf(node, look), children };
}

function labelOf(node: InspectedNode, { style, glyphs }: Look): string {
  const name = node.platform === undefined ? node.kind : formatPlatform(node.platform);
  const layers = node.layers ?? [];
  const content = layers.reduce((sum, layer) => sum + layer.size, node.config?.size ?? 0);
  const facts = [printable(node.artifactType ?? node.mediaType)];
  if (node.kind === 'index') facts.push(count(node.manifests?.length ?? 0, 'entry').replace('entrys', 'entries'));
  if (layers.length > 0) facts.push(count(layers.length, 'layer'), formatBytes(content));
  if (node.kind === 'blob') facts.push(formatBytes(node.sizeBytes));
  if (node.kind === 'missing') facts.push('not in this repository');
  if (node.subject !== undefined) facts.push(`refers to ${node.subject}`);
  return `${style('cyan', printable(name))} ${node.digest} ${style('dim', facts.join(glyphs.separator))}`;
}

function annotationLeaves({ annotations = {} }: InspectedNode, { style }: Look): TreeNode[] {
  return TELLING_ANNOTATIONS.flatMap((name) => {
    const value = annotations[name];
    return value === undefined ? [] : leaf(style('dim', `${name}: ${printable(value)}`));
  });
}

function layerLeaf({ digest, size, mediaType, annotations }: Descriptor, { style }: Look): TreeNode {
  const title = annotations?.['org.opencontainers.image.title'];
  const name = title === undefined ? '' : ` ${printable(title)}`;
  return leaf(`layer ${digest} ${formatBytes(size).padStart(10)}${name} ${style('dim', printable(mediaType))}`);
}

function referrerLeaf({ digest, size, mediaType, artifactType }: Descriptor): TreeNode {
  return leaf(`referrer ${digest} ${printable(artifactType ?? mediaType)} ${formatBytes(size)}`);
}

/** What an attestation says: SPDX, SLSA provenance and the like. */
function predicatesOf({ layers = [] }: InspectedNode): string {
  const types = layers.map(({ annotations, mediaType }) => annotations?.[PREDICATE_TYPE] ?? mediaType);
  return printable([...new Set(types)].join(', '));
}

function leaf(label: string): TreeNode {
  return { label, children: [] };
}
