// Lists the repositories of a registry, page by page. A list is complete or an error: what is swept by it must not take a missing
// repository for one that is gone. Names are checked here, because they end up in URLs.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints (the catalog is distribution's own: https://distribution.github.io/distribution/spec/api/#catalog)
import { isTransshipError, TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { followingPage } from './following-page.ts';
import { parseRepository } from './reference.ts';
import type { RegistryPort, RegistryResponse } from './registry-request.ts';

/** More is refused or cut by some registries. */
const PAGE_SIZE = 100;
const MOST_PAGES = 10_000;
const MOST_PAGE_BYTES = 32 * 1024 * 1024;

/** @throws TransshipError unsupported where the registry shows no catalog, invalid-response for one that cannot be used */
export async function listRepositories(port: RegistryPort, signal?: AbortSignal): Promise<string[]> {
  const names = new Set<string>();
  const seen = new Set<string>();
  let target: string | URL | undefined = `/v2/_catalog?n=${PAGE_SIZE}`;
  while (target !== undefined) {
    const response = await ask(port, target, signal);
    for (const name of namesOf(await response.json(MOST_PAGE_BYTES), port)) names.add(name);
    const place = String(target);
    if (seen.has(place) || seen.size >= MOST_PAGES) throw malformed(port, 'its pages go in a circle');
    seen.add(place);
    target = followingPage(response, port.host, 'list repositories');
  }
  return [...names];
}

async function ask(
  port: RegistryPort,
  target: string | URL,
  signal: AbortSignal | undefined,
): Promise<RegistryResponse> {
  try {
    return await port.send({
      operation: 'list repositories',
      action: 'list',
      method: 'GET',
      target,
      expect: [200],
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    // Docker Hub, GHCR, Quay and others have none, and say so in different words.
    if (!isTransshipError(error, 'not-found', 'unsupported', 'unauthorized', 'denied')) throw error;
    throw new TransshipError('unsupported', `${port.host} does not tell which repositories it has`, {
      hint: 'name the repositories in from: of the rule, as in host/team/{app,web}, or use a login that may list them',
      details: { registry: port.host, operation: 'list repositories' },
      cause: error,
    });
  }
}

function namesOf(page: unknown, port: RegistryPort): string[] {
  if (typeof page !== 'object' || page === null || !('repositories' in page))
    throw malformed(port, 'it has no "repositories"');
  const names: unknown = page.repositories ?? [];
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw malformed(port, '"repositories" is not a list of names');
  const impossible = names.find((name) => !isRepository(name, port));
  if (impossible !== undefined) throw malformed(port, `"${printable(impossible, 140)}" in it cannot be a repository`);
  return names;
}

function isRepository(name: string, { host }: RegistryPort): boolean {
  try {
    return parseRepository(`${host}/${name}`).repository === name;
  } catch {
    return false;
  }
}

function malformed(port: RegistryPort, reason: string): TransshipError {
  return new TransshipError('invalid-response', `${port.host}: the list of repositories cannot be used: ${reason}`, {
    hint: `is ${port.host} a container registry, and does a proxy before it change answers?`,
    details: { registry: port.host, operation: 'list repositories' },
  });
}
