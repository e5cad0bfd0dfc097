// Proves a copy: reads everything back from a target with a client of its own, hashes every byte, and compares with what was built.
import type { KeyObject } from 'node:crypto';
import { messageOf } from '../../shared/errors.ts';
import { digestOf } from '../../shared/oci/digest.ts';
import type { RepositoryContent } from './content.ts';
import { readBlob, readManifest, request, type DemoRegistry } from './demo-client.ts';
import type { DemoImage } from './images.ts';
import { COSIGN_SIGNATURE, signatureHolds } from './signature.ts';
import type { RunningRegistry } from './registry.ts';

/** One statement, and whether it holds; `detail` says why not. */
export type Check = { statement: string; holds: boolean; detail?: string };

/** Reads all content of the images; any byte that differs, or is missing, makes the check fail. */
export async function proveContent(
  registry: DemoRegistry,
  images: readonly DemoImage[],
): Promise<Check & { sizeBytes: number }> {
  let objects = 0;
  let sizeBytes = 0;
  const problem = await firstProblem(async () => {
    for (const image of images) {
      for await (const { wanted, found } of everything(registry, image)) {
        if (digestOf(found) !== wanted)
          throw new Error(`${image.repository}: ${wanted} came back as ${digestOf(found)}`);
        objects += 1;
        sizeBytes += found.byteLength;
      }
    }
  });
  return {
    statement: `${registry.host}: ${objects} manifests and blobs read back, all as built`,
    sizeBytes,
    ...problem,
  };
}

async function* everything(
  registry: DemoRegistry,
  { repository, blobs, manifests }: RepositoryContent,
): AsyncGenerator<{ wanted: string; found: Buffer }> {
  for (const { descriptor, tag } of manifests) {
    yield { wanted: descriptor.digest, found: await readManifest(registry, repository, tag ?? descriptor.digest) };
  }
  for (const { descriptor } of blobs) {
    yield { wanted: descriptor.digest, found: await readBlob(registry, repository, descriptor.digest) };
  }
}

/** Signature and SBOM are listed as referrers of the image at the target, and the signature verifies. */
export async function proveBelongings(registry: DemoRegistry, image: DemoImage, publicKey: KeyObject): Promise<Check> {
  const { repository, tag } = image;
  const problem = await firstProblem(async () => {
    const digest = digestOf(await readManifest(registry, repository, tag));
    const listed = await (await request(registry, `${repository}/referrers/${digest}`)).text();
    const referrers: { digest: string; artifactType?: string }[] = JSON.parse(listed).manifests;
    if (referrers.length !== 2) throw new Error(`${referrers.length} referrers instead of 2`);
    const signature = referrers.find(({ artifactType }) => artifactType === COSIGN_SIGNATURE);
    const manifest = await readManifest(registry, repository, signature?.digest ?? 'no signature is listed');
    const payload = await readBlob(registry, repository, JSON.parse(manifest.toString('utf8')).layers[0].digest);
    if (!signatureHolds(manifest, payload, digest, publicKey)) throw new Error('the signature does not hold');
  });
  return { statement: `${registry.host}: the signature verifies, and the SBOM is listed`, ...problem };
}

/** The login went to the registry that it is for, and to no other. */
export function proveLoginIsBound(locked: RunningRegistry, others: readonly RunningRegistry[]): Check {
  const sawLogin = ({ exchanges }: RunningRegistry) =>
    exchanges.some(({ headers }) => headers.authorization !== undefined);
  const strangers = others.filter(sawLogin).map(({ host }) => host);
  return {
    statement: `the login of ${locked.host} was sent to no other registry`,
    holds: sawLogin(locked) && strangers.length === 0,
    ...(strangers.length === 0 ? {} : { detail: `${strangers.join(' and ')} got an Authorization header` }),
  };
}

async function firstProblem(work: () => Promise<void>): Promise<Pick<Check, 'holds' | 'detail'>> {
  try {
    await work();
    return { holds: true };
  } catch (error) {
    return { holds: false, detail: messageOf(error) };
  }
}
