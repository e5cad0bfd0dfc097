// Looks at the tags of a repository all the time: a tag goes forward through the digests that its source had and never back, and
// whatever it names is all there.
import { setTimeout as delay } from 'node:timers/promises';

/** The digests that each tag of the source had, in order. */
export type TagHistory = ReadonlyMap<string, string[]>;

const LOOK_EVERY_MS = 5;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** What was wrong, one line each; resolves after the signal. */
export async function watchTags(
  url: string,
  repository: string,
  history: TagHistory,
  signal: AbortSignal,
): Promise<string[]> {
  const wrong: string[] = [];
  const reached = new Map<string, number>();
  const seen = new Set<string>();
  const manifests = `${url}/v2/${repository}/manifests`;

  async function look(tag: string, digests: readonly string[]): Promise<void> {
    const response = await fetch(`${manifests}/${tag}`, { headers: { accept: MANIFEST } });
    const text = await response.text();
    if (response.status === 404) return;
    const digest = response.headers.get('docker-content-digest') ?? '';
    const now = digests.indexOf(digest);
    const before = reached.get(tag) ?? -1;
    if (now < 0) wrong.push(`${tag} names ${digest}, which its source never had`);
    if (now < before) wrong.push(`${tag} went back from ${before} to ${now}`);
    if (now > before)
      wrong.push(...(await missingBelow(`${url}/v2/${repository}/blobs`, text, seen)).map((one) => `${tag}: ${one}`));
    reached.set(tag, Math.max(now, before));
  }

  while (!signal.aborted) {
    for (const [tag, digests] of history) if (digests.length > 0) await look(tag, digests);
    await delay(LOOK_EVERY_MS);
  }
  return wrong;
}

/** distribution 2.8 writes the link of a blob in place whenever it is mounted again: who looks at that instant finds none. */
const LOOKS_AT_SEEN = 20;

/**
 * The blobs of a manifest that are not there. What was never seen in the repository must be there at the first look.
 * @param seen what was; gets more
 */
async function missingBelow(blobs: string, manifest: string, seen: Set<string>): Promise<string[]> {
  const digests = [...manifest.matchAll(/"digest":\s*"(sha256:[0-9a-f]{64})"/g)].map(([, digest = '']) => digest);
  const missing: string[] = [];
  for (const digest of digests) {
    const isThere = await isFound(`${blobs}/${digest}`, seen.has(digest) ? LOOKS_AT_SEEN : 1);
    if (isThere) seen.add(digest);
    else missing.push(`${digest} is missing`);
  }
  return digests.length > 0 ? missing : ['its manifest names no content'];
}

async function isFound(url: string, looks: number): Promise<boolean> {
  for (let look = 1; look <= looks; look += 1) {
    if ((await fetch(url, { method: 'HEAD' })).status === 200) return true;
    await delay(LOOK_EVERY_MS);
  }
  return false;
}
