// Makes repositories that a push needs, once each, at registries that do not make them by the push itself; where it may not, says what to set.
//
//   send ──missing──▶ create (one at a time per repository) ──▶ send again
//
import { Readable } from 'node:stream';
import { isTransshipError, TransshipError } from '../errors.ts';
import type { RegistryClient } from '../oci/registry-client.ts';
import type { RegistryRequest, RegistryResponse } from '../oci/registry-request.ts';
import type { CloudIdentity, CreateRepositorySettings, RepositoryPlace, Vendor } from './vendor.ts';

type Creation = {
  /** Absent: missing repositories stay missing. */
  settings?: CreateRepositorySettings;
  identity?: CloudIdentity;
  env?: RepositoryPlace['env'];
};

/** The client itself for a vendor whose repositories are made by the first push, or cannot be made by us. */
export function creatingRepositories(
  client: RegistryClient,
  vendor: Vendor,
  { settings, identity, env }: Creation,
): RegistryClient {
  const underway = new Map<string, Promise<void>>();
  if (vendor.createRepository === undefined) return client;
  return { ...client, send };

  async function send(request: RegistryRequest): Promise<RegistryResponse> {
    try {
      return await client.send(request);
    } catch (error) {
      if (request.repository === undefined || request.login !== undefined) throw error;
      const place = {
        port: client,
        repository: request.repository,
        ...(identity === undefined ? {} : { identity }),
        ...(env === undefined ? {} : { env }),
      };
      if (request.needsRepository) return sendAgain(request, place, error);
      if (request.expect.includes(404) && (await isMissing(place, error))) return nothingThere(client.host);
      throw error;
    }
  }

  async function sendAgain(
    request: RegistryRequest,
    place: RepositoryPlace,
    error: unknown,
  ): Promise<RegistryResponse> {
    const isNotFound = isTransshipError(error, 'not-found');
    if (settings === undefined) throw isNotFound ? mayNotCreate(place, error) : error;
    if (!isNotFound && !mayMeanMissing(error)) throw error;
    if (isNotFound || (await isMissing(place, error))) await create(place, settings);
    // One that is there now may have been made meanwhile, for another request.
    return client.send(request);
  }

  /** Asks only where the answer can matter: a registry whose repositories are nobody's to create keeps its 401. */
  async function isMissing(place: RepositoryPlace, error: unknown): Promise<boolean> {
    if (settings === undefined || !mayMeanMissing(error)) return false;
    return (await vendor.isRepositoryMissing?.(place)) ?? false;
  }

  function mayMeanMissing(error: unknown): boolean {
    return vendor.isRepositoryMissing !== undefined && isTransshipError(error, 'unauthorized', 'denied');
  }

  function create(place: RepositoryPlace, wanted: CreateRepositorySettings): Promise<void> {
    const started = underway.get(place.repository);
    if (started !== undefined) return started;
    const creating = Promise.resolve(vendor.createRepository?.(place, wanted)).finally(() =>
      underway.delete(place.repository),
    );
    underway.set(place.repository, creating);
    return creating;
  }
}

function mayNotCreate({ port, repository }: RepositoryPlace, cause: unknown): TransshipError {
  return new TransshipError('not-found', `${port.host}/${repository} does not exist, and is not made by a push`, {
    hint: `create it, or let Transship do so: createRepository: {} in the entry registries: ${port.host} of transship.yaml`,
    details: { registry: port.host, repository, operation: 'find the repository' },
    cause,
  });
}

/** The answer that the registry owes for what is not there. */
function nothingThere(host: string): RegistryResponse {
  return {
    status: 404,
    headers: {},
    url: new URL(`https://${host}/`),
    body: Readable.from([]),
    bytes: () => Promise.resolve(new Uint8Array()),
    json: () => Promise.resolve({}),
    discard: () => Promise.resolve(),
  };
}
