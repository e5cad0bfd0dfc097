// Deletes a tag, or a manifest with all its tags. What deletes is decided by the reference alone: a tag takes nothing else with it.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests
import type { Repository } from './repository.ts';
import { inRepository } from './repository.ts';

/**
 * Resolves as well where there is nothing (any more).
 * @throws TransshipError unsupported where the registry deletes no tags, or nothing at all; denied
 */
export async function deleteManifest(repository: Repository, reference: string): Promise<void> {
  const response = await repository.registry.send({
    operation: `delete manifest ${reference}`,
    action: 'manifest-write',
    method: 'DELETE',
    target: `/v2/${repository.name}/manifests/${reference}`,
    expect: [200, 202, 204, 404],
    ...inRepository(repository, [{ repository: repository.name, actions: ['pull', 'delete'] }]),
  });
  await response.discard();
}
