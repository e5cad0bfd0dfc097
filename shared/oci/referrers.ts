// Artifacts that refer to another one: listed by the referrers API, or by the fallback tag where a registry has none.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
import { TransshipError, isTransshipError } from '../errors.ts';
import type { Descriptor } from './descriptor.ts';
import { fallbackTag } from './fallback-tag.ts';
import { followingPage } from './following-page.ts';
import { childrenOf, parseManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { findManifest, findVersionedManifest, manifestFrom, putManifest } from './manifests.ts';
import { OCI_INDEX } from './media-types.ts';
import type { Repository } from './repository.ts';
import { inRepository, pullScope } from './repository.ts';

const MOST_REFERRERS = 1_000;
const MOST_PAGES = 100;
const MOST_PAGE_BYTES = 4 * 1024 * 1024;
/** How often the fallback index is read and written again when another writer came between. */
const MOST_FALLBACK_TRIES = 5;

export type ReferrersList = {
  referrers: Descriptor[];
  /** Whether the registry indexes subjects itself. */
  byApi: boolean;
};

/** What a caller learned before, to spare questions whose answer is known. */
export type KnownOfReferrers = {
  /** False where the registry was seen to have no referrers API. */
  hasApi?: boolean;
  /** False where the fallback tag is known not to exist. */
  mayHaveTag?: () => Promise<boolean>;
};

/** Lists what refers to a digest; a digest that nothing refers to, or that does not exist, has an empty list. */
export async function listReferrers(
  repository: Repository,
  digest: string,
  known: KnownOfReferrers = {},
): Promise<ReferrersList> {
  if (repository.registry.traits.referrers.mode !== 'tag' && known.hasApi !== false) {
    const referrers = await listByApi(repository, digest);
    if (referrers !== undefined) return { referrers, byApi: true };
  }
  if ((await known.mayHaveTag?.()) === false) return { referrers: [], byApi: false };
  return { referrers: await listByTag(repository, digest), byApi: false };
}

/** Undefined where the registry has no such API; some say so with other statuses than 404. */
async function listByApi(repository: Repository, digest: string): Promise<Descriptor[] | undefined> {
  const referrers: Descriptor[] = [];
  const seen = new Set<string>();
  for (let target: string | URL | undefined = `/v2/${repository.name}/referrers/${digest}`; target !== undefined;) {
    const response = await repository.registry.send({
      operation: `list referrers of ${digest}`,
      action: 'list',
      method: 'GET',
      target,
      headers: { accept: OCI_INDEX },
      expect: [200, 400, 404, 405],
      ...inRepository(repository, [pullScope(repository.name)]),
    });
    if (response.status !== 200) {
      await response.discard();
      return undefined;
    }
    referrers.push(...childrenOf(parseManifest(await response.bytes(MOST_PAGE_BYTES), OCI_INDEX)));
    if (referrers.length > MOST_REFERRERS) throw tooMany(repository, digest);
    target = followingPage(response, repository.registry.host, 'list referrers');
    if (target !== undefined && (seen.has(target.href) || seen.size >= MOST_PAGES)) throw tooMany(repository, digest);
    if (target !== undefined) seen.add(target.href);
  }
  return referrers;
}

async function listByTag(repository: Repository, digest: string): Promise<Descriptor[]> {
  const found = await findManifest(repository, fallbackTag(digest));
  return found !== undefined && isList(found) ? childrenOf(found) : [];
}

/** Something that is not an index under that tag is somebody else's tag, and no list of referrers. */
function isList({ view }: Manifest): boolean {
  return view.kind === 'index';
}

/**
 * Adds referrers to the fallback index of their subject and makes sure that they stayed there: the specification has no
 * lock, so a writer that came between is answered by doing it again.
 * @throws TransshipError conflict-refused when other writers win every time, copy-failed when the tag names something else
 */
export async function addToFallbackIndex(
  repository: Repository,
  subject: string,
  referrers: readonly Descriptor[],
): Promise<void> {
  for (let tries = 0; tries < MOST_FALLBACK_TRIES; tries += 1) {
    const before = await findVersionedManifest(repository, fallbackTag(subject));
    if (before !== undefined && !isList(before.manifest)) throw taken(repository, subject, before.manifest.digest);
    const present = before === undefined ? [] : childrenOf(before.manifest);
    const missing = referrers.filter(({ digest }) => !present.some((entry) => entry.digest === digest));
    if (missing.length === 0) return;
    const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...present, ...missing] };
    const after = manifestFrom(new TextEncoder().encode(JSON.stringify(document)), OCI_INDEX);
    try {
      const condition = before?.etag === undefined ? {} : { ifMatch: before.etag };
      await putManifest(repository, fallbackTag(subject), after, condition);
    } catch (error) {
      if (!isTransshipError(error) || error.details.status !== 412) throw error;
    }
  }
  throw new TransshipError(
    'conflict-refused',
    `${repository.registry.host}/${repository.name}: the list of referrers of ${subject} is written by others at the same time`,
    {
      hint: 'let one writer at a time add signatures and SBOMs to that image, then copy again',
      retryable: true,
      details: { registry: repository.registry.host, repository: repository.name, operation: 'add referrers' },
    },
  );
}

/** The entry of a referrers list for a manifest, with everything that the specification wants copied into it. */
export function referrerDescriptor(manifest: Manifest): Descriptor {
  const { view } = manifest;
  const artifactType = view.artifactType ?? (view.kind === 'image' ? view.config.mediaType : undefined);
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(view.annotations === undefined ? {} : { annotations: view.annotations }),
  };
}

function taken(repository: Repository, subject: string, existing: string): TransshipError {
  const { registry, name } = repository;
  return new TransshipError(
    'copy-failed',
    `${registry.host}/${name}:${fallbackTag(subject)} names ${existing}, which is no list of referrers`,
    {
      hint: 'the registry has no referrers API, and only that tag could list them: give what it names another tag, or copy without referrers (--no-referrers)',
      details: { registry: registry.host, repository: name, operation: 'add referrers' },
    },
  );
}

function tooMany(repository: Repository, digest: string): TransshipError {
  return new TransshipError(
    'invalid-response',
    `${repository.registry.host}/${repository.name}: more than ${MOST_REFERRERS} referrers of ${digest}, or pages without an end`,
    {
      hint: 'copy without them (--no-referrers), or remove old signatures first',
      details: { registry: repository.registry.host, repository: repository.name, operation: 'list referrers' },
    },
  );
}
