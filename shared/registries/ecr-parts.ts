// Layers to ECR in parts, by the AWS API: what can go this way, and what names such an upload. The calls are loaded when the first one begins.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html
import { parseDigest } from '../oci/digest.ts';
import type { LayerParts, PartsUpload } from '../oci/layer-parts.ts';
import { mebibytes } from './define-traits.ts';
import { hasOwnEndpoint } from './ecr-endpoint.ts';
import { parseEcrHost } from './ecr-host.ts';
import type { EcrLayerUploads, EcrPartsPlace } from './ecr-layer-uploads.ts';

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html: so a layer may have 42,000 MiB; larger ones take the PUT. */
const MOST_PARTS = 4200;
const MOST_PART_BYTES = mebibytes(10);
const SCHEME = 'ecr-upload:';
const UPLOAD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Opens nothing before the first upload. */
export function ecrParts(place: EcrPartsPlace): LayerParts {
  let opened: Promise<EcrLayerUploads> | undefined;
  const uploads = (): Promise<EcrLayerUploads> => (opened ??= open(place).catch(forget));

  function forget(error: unknown): never {
    opened = undefined;
    throw error;
  }

  return {
    takes: ({ digest, size }) =>
      isSamePlace(place.host) &&
      parseDigest(digest).algorithm === 'sha256' &&
      size > 0 &&
      size <= MOST_PARTS * MOST_PART_BYTES,
    isOne: ({ location, leastChunkBytes }) =>
      location.protocol === SCHEME && UPLOAD_ID.test(location.pathname) && leastChunkBytes > 0,
    async begin(target, { size }) {
      const { uploadId, partBytes } = await (await uploads()).begin(target);
      return { location: new URL(`${SCHEME}${uploadId}`), leastChunkBytes: partBytesFor(size, partBytes) };
    },
    send: async (target, upload, part, offset) => (await uploads()).send(target, uploadIdOf(upload), part, offset),
    finish: async (target, upload, digest) => (await uploads()).finish(target, uploadIdOf(upload), digest),
    close: () => void opened?.then((calls) => calls.close(), forget),
  };
}

/** Behind another name, as of a proxy, may be the registry of any account: a layer for the API's own would come into somebody else's repository. */
function isSamePlace(host: string): boolean {
  return parseEcrHost(host) !== undefined || hasOwnEndpoint(process.env);
}

async function open(place: EcrPartsPlace): Promise<EcrLayerUploads> {
  const { openEcrLayerUploads } = await import('./ecr-layer-uploads.ts');
  return openEcrLayerUploads(place);
}

function uploadIdOf({ location }: PartsUpload): string {
  return location.pathname;
}

/** What ECR asked for, unless that makes too many parts. */
function partBytesFor(layerBytes: number, told: number | undefined): number {
  const wanted = told === undefined || told < 1 ? MOST_PART_BYTES : Math.min(told, MOST_PART_BYTES);
  return Math.ceil(layerBytes / wanted) > MOST_PARTS ? MOST_PART_BYTES : wanted;
}
