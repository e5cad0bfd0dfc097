// Whether what a target's tag names is what a copy would write there: mostly the same digest, but an index that was made smaller
// has one of its own, and of a sparse one not all images need to be there.
import { childrenOf } from '../../oci/manifest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { fetchManifest, headManifest } from '../../oci/manifests.ts';
import { isManifestType } from '../../oci/media-types.ts';
import type { Repository } from '../../oci/repository.ts';
import type { CopyRequest } from '../copy-types.ts';
import type { Named } from '../read-source.ts';
import { SOURCE_DIGEST } from '../rewrite.ts';
import { selectPlatforms } from '../select-platforms.ts';

type Place = { source: Repository; target: Repository; platforms: CopyRequest['platforms'] };

/** Asks the target alone, and the source only where the platforms of the rule seem to have grown. */
export async function comparePlace(
  digest: string,
  { digest: found }: Named,
  { source, target, platforms }: Place,
): Promise<'same' | 'moved' | 'incomplete'> {
  if (platforms === undefined || platforms.mode === 'keep') return found === digest ? 'same' : 'moved';
  if (platforms.mode === 'sparse') {
    if (found !== digest) return 'moved';
    return (await isComplete(await fetchManifest(target, found), target, platforms.include)) ? 'same' : 'incomplete';
  }
  if (found === digest) return 'same';
  const index = await fetchManifest(target, found);
  if (index.view.annotations?.[SOURCE_DIGEST] !== digest) return 'moved';
  if (!holdsOnly(index, platforms.include)) return 'moved';
  if (holdsEach(index, platforms.include)) return 'same';
  // The source may lack that platform, too.
  const original = await fetchManifest(source, digest);
  return chosenOf(original, platforms.include).length === childrenOf(index).length ? 'same' : 'moved';
}

async function isComplete(index: Manifest, target: Repository, include: readonly string[]): Promise<boolean> {
  const wanted = chosenOf(index, include).filter(({ mediaType }) => isManifestType(mediaType));
  const there = await Promise.all(wanted.map(({ digest }) => headManifest(target, digest)));
  return there.every((head) => head !== undefined);
}

function chosenOf(index: Manifest, include: readonly string[]): ReturnType<typeof childrenOf> {
  return index.view.kind === 'index' ? selectPlatforms(index.view, include) : childrenOf(index);
}

function holdsOnly(index: Manifest, include: readonly string[]): boolean {
  return chosenOf(index, include).length === childrenOf(index).length;
}

function holdsEach({ view }: Manifest, include: readonly string[]): boolean {
  return include.every((platform) => {
    try {
      return view.kind !== 'index' || selectPlatforms(view, [platform]).length > 0;
    } catch {
      return false;
    }
  });
}
