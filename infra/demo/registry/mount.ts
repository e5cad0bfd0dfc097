// Mounting a blob that another repository already has, with or without naming that repository.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
import { blobCreated } from './blobs.ts';
import type { Exchange, Parts } from './exchange.ts';
import type { Reply } from './reply.ts';

/** Links the blob, or gives `undefined` where it cannot: the caller then opens an upload session. */
export async function mountBlob(
  parts: Parts,
  exchange: Exchange,
  repository: string,
  digest: string,
  from: string | undefined,
): Promise<Reply | undefined> {
  if (parts.options.mount === false) return undefined;
  return parts.library.exclusive(async (commit) => {
    const source = findSource(parts, exchange, digest, from);
    if (source === undefined) return undefined;
    await commit({ type: 'blob-added', repository, digest });
    const target = { repository, digest, mediaType: 'application/octet-stream', fromRepository: source };
    exchange.announce({ action: 'mount', target });
    return blobCreated(exchange, repository, digest);
  });
}

function findSource(parts: Parts, exchange: Exchange, digest: string, from: string | undefined): string | undefined {
  if (from === undefined && parts.options.anonymousMount === false) return undefined;
  for (const [name, { blobs }] of parts.library.catalog) {
    if (from !== undefined && name !== from) continue;
    // Without the right to pull from it, even the existence of the blob stays hidden.
    if (blobs.has(digest) && exchange.identity.may(name, 'pull')) return name;
  }
  return undefined;
}
