// The pure part of each back end, by its kind.
import type { WantedEntries } from './backend.ts';
import type { BackendKind } from './site.ts';

/** Undefined: the registry has no means for grants. */
export async function wantedOf(kind: BackendKind): Promise<WantedEntries | undefined> {
  switch (kind) {
    case 'kubernetes':
      return (await import('./kubernetes/wanted.ts')).kubernetesWanted;
    case 'ecr':
      return (await import('./ecr/wanted.ts')).ecrWanted;
    case 'artifact-registry':
      return (await import('./artifact-registry/wanted.ts')).artifactRegistryWanted;
    case 'acr':
      return (await import('./acr/wanted.ts')).acrWanted;
    case 'harbor':
      return (await import('./harbor/wanted.ts')).harborWanted;
    case 'gitlab':
      return (await import('./gitlab/wanted.ts')).gitlabWanted;
    case 'quay':
      return (await import('./quay/wanted.ts')).quayWanted;
    case 'ghcr':
      return (await import('./ghcr/wanted.ts')).ghcrWanted;
    default:
      return undefined;
  }
}
